/**
 * The API reference page. Plain JavaScript, as browsers run it: it is served as it stands here, outside the
 * web build, so that the reference works wherever the server does.
 */
const byId = (id) => document.getElementById(id);

/** An element with attributes and children; text is always text, never markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const answer = await fetch('/api/openapi.json');
if (answer.ok) draw(await answer.json());
else
  byId('content').replaceChildren(
    make('p', {}, 'The reference cannot be loaded. Please sign in and try again.'),
  );

function draw(api) {
  byId('title').textContent = api.info.title;
  byId('about').textContent = api.info.description;
  document.title = api.info.title;
  const resolve = (schema) =>
    schema?.$ref
      ? schema.$ref
          .slice(2)
          .split('/')
          .reduce((at, key) => at?.[key.replaceAll('~1', '/')], api)
      : schema;

  const sections = api.tags.map((tag, index) => {
    const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags.includes(tag.name))
        .map(([method, operation]) => drawOperation(method, path, operation, resolve)),
    );
    const heading = make('h2', { id: `tag-${index}`, tabindex: '-1' }, tag.name);
    const meaning = tag.description ? [make('p', { class: 'meaning' }, tag.description)] : [];
    return {
      tag,
      id: `tag-${index}`,
      operations,
      element: make('section', {}, heading, ...meaning, ...operations),
    };
  });
  byId('content').replaceChildren(...sections.map((section) => section.element));
  const links = sections.map((section) =>
    make('li', {}, make('a', { href: `#${section.id}` }, section.tag.name)),
  );
  byId('contents').replaceChildren(make('ul', {}, ...links));

  byId('search').addEventListener('input', (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    sections.forEach((section, index) => {
      let any = false;
      for (const operation of section.operations) {
        operation.searchText ??= `${section.tag.name} ${operation.dataset.text}`.toLowerCase();
        const shown = words.every((word) => operation.searchText.includes(word));
        operation.hidden = !shown;
        any ||= shown;
        found += shown ? 1 : 0;
      }
      section.element.hidden = !any;
      links[index].hidden = !any;
    });
    byId('found').textContent = words.length > 0 ? `${found} found` : '';
  });
}

function drawOperation(method, path, operation, resolve) {
  const parts = [];
  if (operation.description) parts.push(make('p', {}, operation.description));
  const parameters = (operation.parameters ?? []).map(resolve);
  if (parameters.length > 0) {
    const rows = parameters.map((each) => [
      each.name,
      each.in,
      typeOf(each.schema, resolve),
      each.required ? 'yes' : '',
      each.description ?? each.schema?.description ?? '',
    ]);
    parts.push(make('h3', {}, 'Parameters'), table(['Name', 'In', 'Type', 'Required', 'Meaning'], rows));
  }
  for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push(make('h3', {}, `Body (${type})`), schemaTable(media.schema, resolve));
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!status.startsWith('2')) continue;
    for (const [type, media] of Object.entries(response.content ?? {})) {
      parts.push(make('h3', {}, `Answer ${status} (${type})`), schemaTable(media.schema, resolve));
    }
    if (!response.content) parts.push(make('h3', {}, `Answer ${status}, empty`));
  }
  const body = make('div', { class: 'body' });
  const head = make(
    'summary',
    {},
    make('span', { class: 'method' }, method.toUpperCase()),
    make('code', {}, path),
    make('span', {}, operation.summary),
  );
  const element = make('details', { 'data-text': `${method} ${path} ${operation.summary}` }, head, body);
  // Large workspaces have hundreds of operations: a body is put in when it is first opened.
  element.addEventListener('toggle', () => body.childElementCount === 0 && body.append(...parts), {
    once: true,
  });
  return element;
}

function schemaTable(schema, resolve) {
  const whole = resolve(schema) ?? {};
  const required = new Set(whole.required ?? []);
  const rows = Object.entries(whole.properties ?? {}).map(([name, property]) => {
    const field = resolve(property) ?? {};
    return [
      name,
      typeOf(property, resolve),
      required.has(name) ? 'yes' : '',
      field.description ?? field.title ?? '',
    ];
  });
  if (rows.length === 0) return make('p', {}, typeOf(schema, resolve));
  return table(['Field', 'Type', 'Required', 'Meaning'], rows);
}

function typeOf(schema, resolve, depth = 0) {
  if (!schema || typeof schema !== 'object' || depth > 4) return 'any';
  if (schema.$ref) return resolve(schema)?.title ?? schema.$ref.split('/').at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((each) => typeOf(each, resolve, depth + 1)))].join(' | ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items, resolve, depth + 1)}`;
  if (schema.properties && depth > 0) {
    return `{${Object.entries(schema.properties)
      .map(([key, each]) => `${key}: ${typeOf(each, resolve, depth + 1)}`)
      .join(', ')}}`;
  }
  const format = schema.format ? ` (${schema.format})` : '';
  return `${[schema.type ?? 'any'].flat().join(' | ')}${format}`;
}

function table(heads, rows) {
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col' }, text)));
  const lines = rows.map((cells) =>
    make(
      'tr',
      {},
      ...cells.map((text, index) => make('td', {}, index === 0 ? make('code', {}, text) : text)),
    ),
  );
  return make(
    'div',
    { class: 'wide' },
    make('table', {}, make('thead', {}, head), make('tbody', {}, ...lines)),
  );
}
