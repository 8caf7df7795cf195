/**
 * Two app processes on one database, both under load, while definitions change: no valid request fails, and as
 * soon as a change is applied both processes take, answer and describe the new field and the new object.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, groundwork, newKey, startServer, type Answer, type ServerProcess } from '../server-process.ts';

export type DefinitionFigures = { changes: number; requests: number; failed: string[]; notServed: string[] };

const callersPerProcess = 3;

export async function definitionUnderLoad(databaseUrl: string, changes: number): Promise<DefinitionFigures> {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'groundwork-two-')));
  const definitions = mkdtempSync(join(tmpdir(), 'groundwork-definitions-'));
  const places = folders.map((dataDir) => ({ dataDir, databaseUrl }));
  const figures: DefinitionFigures = { changes, requests: 0, failed: [], notServed: [] };
  const servers = await Promise.all(places.map((place) => startServer(place)));
  try {
    const key = await newKey(places[0]!, 'administrator');
    await expectSuccess(groundwork(places[0]!, 'definition', 'export', definitions));
    let going = true;
    const loops = servers.flatMap((server) =>
      Array.from({ length: callersPerProcess }, () => load(server, key, figures, () => going)),
    );
    try {
      for (let n = 0; n < changes; n++) {
        addField(join(definitions, 'objects/deals.yaml'), `extra_${n}`);
        addObject(definitions, `gadgets_${n}`);
        await expectSuccess(groundwork(places[0]!, 'definition', 'apply', definitions));
        for (const server of servers)
          figures.notServed.push(...(await unserved(server, key, `extra_${n}`, `gadgets_${n}`)));
      }
    } finally {
      going = false;
      await Promise.all(loops);
    }
    return figures;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    for (const folder of [...folders, definitions]) rmSync(folder, { recursive: true, force: true });
  }
}

async function expectSuccess(running: ReturnType<typeof groundwork>): Promise<void> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
}

/** Creates, changes, reads and lists deals; whatever is not a success is a failure. */
async function load(
  server: ServerProcess,
  key: string,
  figures: DefinitionFigures,
  going: () => boolean,
): Promise<void> {
  let last: string | undefined;
  const expectOk = (what: string, answer: Answer): Answer => {
    figures.requests += 1;
    if (answer.status >= 300)
      figures.failed.push(`${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
    return answer;
  };
  for (let n = 0; going(); n++) {
    const made = expectOk(
      'create',
      await api(server, key, 'POST', '/api/v1/deals', { name: `Deal ${n}`, amount: n }),
    );
    last = (made.body as { id?: string }).id ?? last;
    expectOk('change', await api(server, key, 'PATCH', `/api/v1/deals/${last}`, { notes: `Note ${n}` }));
    expectOk('read', await api(server, key, 'GET', `/api/v1/deals/${last}`));
    expectOk('list', await api(server, key, 'GET', '/api/v1/deals?limit=20&sort=-amount'));
  }
}

async function unserved(
  server: ServerProcess,
  key: string,
  field: string,
  object: string,
): Promise<string[]> {
  const missing: string[] = [];
  const deal = await api(server, key, 'POST', '/api/v1/deals', {
    name: 'With the new field',
    [field]: 'written',
  });
  if (deal.status !== 201 || deal.body[field] !== 'written')
    missing.push(`${field} is not written: ${JSON.stringify(deal.body).slice(0, 200)}`);
  const found = await api(
    server,
    key,
    'GET',
    `/api/v1/deals?where=${encodeURIComponent(JSON.stringify({ [field]: 'written' }))}`,
  );
  if (found.status !== 200 || found.body.data.length === 0)
    missing.push(`${field} does not filter: ${found.status}`);
  const record = await api(server, key, 'POST', `/api/v1/${object}`, { name: 'First' });
  if (record.status !== 201)
    missing.push(`${object} takes no record: ${record.status} ${JSON.stringify(record.body).slice(0, 200)}`);
  const history = await api(server, key, 'GET', `/api/v1/${object}/${record.body?.id}/history`);
  if (history.status !== 200 || history.body.data.length !== 1) missing.push(`${object} has no history`);
  const described = JSON.stringify((await api(server, key, 'GET', '/api/openapi.json')).body);
  if (!described.includes(`"${field}"`) || !described.includes(`/api/v1/${object}`))
    missing.push(`OpenAPI lacks ${field} or ${object}`);
  return missing;
}

function addField(file: string, key: string): void {
  const text = readFileSync(file, 'utf8');
  const field = `  ${key}:\n    type: text\n    label: Extra ${key}\n    owner: crm_owner\n    meaning: A field added while everybody works.\n`;
  writeFileSync(file, text.replace(/^fields:\n/m, `fields:\n${field}`));
}

function addObject(folder: string, key: string): void {
  mkdirSync(join(folder, 'objects'), { recursive: true });
  writeFileSync(
    join(folder, `objects/${key}.yaml`),
    `label: { one: Gadget, many: Gadgets }\nowner: crm_owner\nmeaning: An object added while everybody works.\nside: sales\nname: name\nfields:\n  name:\n    type: text\n    label: Name\n    owner: crm_owner\n    meaning: What the gadget is called.\n`,
  );
}
