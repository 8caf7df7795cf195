import { expect, test } from 'vitest';
import { missingPaths } from './document-paths.ts';
import { referencePages } from './reference/pages.ts';

test('drawn twice, the reference is the same, and every link in it leads somewhere', async () => {
  const [once, again] = [await referencePages(), await referencePages()];
  expect([...once]).toEqual([...again]);
  expect(once.size).toBeGreaterThan(20);
  for (const [name, text] of once) {
    expect(text, name).not.toMatch(/\bundefined\b|\[object |\bNaN\b/);
    if (name.endsWith('.md')) expect(missingPaths({ path: `docs/reference/${name}`, text })).toEqual([]);
  }
});

test('what is looked up most is there', async () => {
  const pages = await referencePages();
  expect(pages.get('field-types.md')).toContain('## money');
  expect(pages.get('operators.md')).toContain('| `within` |');
  expect(pages.get('pipelines/new_business.md')).toContain(
    'A first call with its date and its result is missing.',
  );
  expect(pages.get('api.md')).toContain('`POST /api/v1/{object}/{id}/advance`');
  expect(pages.get('cli.md')).toContain('## groundwork key create');
  expect(pages.get('errors.md')).toContain('| `checkpoint` |');
  expect(pages.get('schema/objects.schema.json')).toContain('"long_text"');
});
