import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findKey } from '../platform/auth/api-keys.ts';
import { testWorkspace, type TestWorkspace } from '../testing/workspace.ts';

const wrapper = join(import.meta.dirname, '../../groundwork');
const folder = mkdtempSync(join(tmpdir(), 'groundwork-cli-'));
let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
});

type Ran = { code: number | null; out: string; err: string; last: string | undefined };

function run(
  args: string[],
  options: { input?: string; command?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.command ?? wrapper, args, {
      cwd: options.cwd ?? folder,
      env: { ...process.env, DATABASE_URL: workspace.database.url, NO_COLOR: '1', ...options.env },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err, last: out.trimEnd().split('\n').at(-1) }));
    child.stdin.end(options.input ?? '');
  });
}

function csv(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
const batchLine = new RegExp(`^batch ${uuid}$`);

test('a whole import exits 0, a partly refused one 2, one that does nothing 1, each with its batch last', async () => {
  const whole = await run([
    'import',
    csv('whole.csv', 'account,sector\nAlpha,software\nBeta,nonsense\n'),
    '--object',
    'accounts',
  ]);
  expect(whole.code).toBe(0);
  expect(whole.last).toMatch(batchLine);
  expect(whole.out).toContain('account → Name');
  expect(whole.out).toContain('line 3: Industry “nonsense” left empty');

  const part = await run([
    'import',
    csv('part.csv', 'name,city\nGamma,Bern\n,Rome\n'),
    '--object',
    'accounts',
  ]);
  expect(part.code).toBe(2);
  expect(part.last).toMatch(batchLine);
  expect(part.out).toMatch(/line 3: .*Name/);

  const none = await run(['import', csv('none.csv', 'x,y\n1,2\n'), '--object', 'accounts']);
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toContain('No column of the file is known to accounts');
}, 60_000);

test('export writes a file that import reads back, and leaves none where it is refused', async () => {
  await run(['import', csv('out.csv', 'name,city\n"=Out, Ltd",Oslo\n'), '--object', 'accounts']);
  const where = '{"name": "=Out, Ltd"}';
  const made = await run([
    'export',
    'accounts',
    '--out',
    'accounts.csv',
    '--where',
    where,
    '--fields',
    'name,city',
    '--reason',
    'To see',
    '--bom',
  ]);
  expect(made).toMatchObject({ code: 0, err: '', out: '1 records are in accounts.csv.\n' });
  expect(readFileSync(join(folder, 'accounts.csv'), 'utf8')).toBe(
    '\ufeffname,city\r\n"\'=Out, Ltd",Oslo\r\n',
  );
  const back = await run(['import', 'accounts.csv', '--object', 'accounts', '--key', 'name']);
  expect(back.out).toContain('0 new');
  const bad = await run(['export', 'accounts', '--out', 'bad.csv', '--where', '{"nope": 1}']);
  expect(bad).toMatchObject({ code: 1, out: '' });
  expect(existsSync(join(folder, 'bad.csv'))).toBe(false);
}, 60_000);

test('a folder is imported file by file, a batch line for each, and exits as one file does', async () => {
  mkdirSync(join(folder, 'old crm'));
  csv('old crm/deals.csv', 'deal name,account\nFolder deal,Folder Inc\n');
  csv('old crm/accounts.csv', 'name\nFolder Inc\n');
  const whole = await run(['import', 'old crm']);
  expect(whole).toMatchObject({ code: 0, err: '' });
  expect(whole.out).toMatch(/1 {2}accounts.csv → Accounts \(by its name\)\n.* 2 {2}deals.csv/);
  const batches = whole.out.trimEnd().split('\n').slice(-2);
  for (const line of batches) expect(line).toMatch(batchLine);

  csv(
    'old crm/contacts.csv',
    'last name,email,nobody knows\nOk,ok@folder.example,\nTwo,two@folder.example,x,y\n',
  );
  const more = await run(['import', 'old crm']);
  expect(more.code).toBe(2);
  expect(more.out).toContain('accounts.csv was loaded before');
  expect(more.out.trimEnd().split('\n').slice(-3)).toEqual(expect.arrayContaining(batches));

  const unclear = await run(['import', 'old crm', '--object', 'accounts']);
  expect(unclear).toMatchObject({ code: 1, out: '' });
  csv('old crm/mystery.csv', 'x,y\n1,2\n');
  const mystery = await run(['import', 'old crm']);
  expect(mystery).toMatchObject({ code: 1, out: '' });
  expect(mystery.err).toContain('mystery.csv');
}, 60_000);

test('undo takes an import back and names its own batch', async () => {
  const made = await run(['import', csv('undo.csv', 'name\nTo be undone\n'), '--object', 'accounts']);
  const batch = made.last!.replace('batch ', '');
  const undone = await run(['import', 'undo', batch]);
  expect(undone).toMatchObject({ code: 0, err: '' });
  expect(undone.last).toMatch(batchLine);
  expect(undone.last).not.toBe(made.last);
  const twice = await run(['import', 'undo', batch]);
  expect(twice).toMatchObject({ code: 1, out: '' });
  expect(twice.err).toContain('undone already');
}, 60_000);

test('a dry run tells what would happen and stores nothing', async () => {
  const dry = await run([
    'import',
    csv('dry.csv', 'name\nOnly Dreamt\n'),
    '--object',
    'accounts',
    '--dry-run',
  ]);
  expect(dry.code).toBe(0);
  expect(dry.out).toContain('Dry run: 1 row would load');
  expect(dry.out).not.toContain('batch ');
  const { rows } = await workspace.database.pool.query(
    `SELECT 1 FROM crm.accounts WHERE name = 'Only Dreamt'`,
  );
  expect(rows).toEqual([]);
}, 60_000);

test('a mapping file, a key and --strict do what they say', async () => {
  csv('map.yaml', 'columns: { Firma: name, Ort: city }\nkey: name\n');
  const first = await run([
    'import',
    csv('a.csv', 'Firma;Ort\nMapped;Bern\n'),
    '--object',
    'accounts',
    '--mapping',
    'map.yaml',
  ]);
  expect(first.code).toBe(0);
  const second = await run([
    'import',
    csv('b.csv', 'Firma;Ort\nMapped;Rome\n'),
    '--object',
    'accounts',
    '--mapping',
    'map.yaml',
  ]);
  expect(second.out).toContain('0 new, 1 changed');
  const strict = await run([
    'import',
    csv('c.csv', 'name,employees\nStrict One,many\nStrict Two,3\n'),
    '--object',
    'accounts',
    '--strict',
  ]);
  expect(strict.code).toBe(2);
  const bad = await run([
    'import',
    'a.csv',
    '--object',
    'accounts',
    '--mapping',
    csv('bad.yaml', 'colums: {}\n'),
  ]);
  expect(bad).toMatchObject({ code: 1, out: '' });
  expect(bad.err).toContain('Did you mean “columns”?');
}, 60_000);

test('key create prints the key alone on stdout, and the key works', async () => {
  const made = await run(['key', 'create', '--role', 'read_only', '--name', 'reports']);
  expect(made.code).toBe(0);
  expect(made.out).toMatch(/^gw_\w{8}_[\w-]{43}\n$/);
  expect(made.err).toContain('reports');
  expect(await findKey(workspace.database.pool, made.out.trim())).toMatchObject({
    role: 'read_only',
    name: 'reports',
    user: null,
  });
}, 60_000);

test('user add takes the password from stdin, makes the team, and refuses the same person twice', async () => {
  const args = [
    'user',
    'add',
    '--email',
    'ana@example.com',
    '--role',
    'sales_representative',
    '--team',
    'Team Nine',
    '--password-stdin',
  ];
  const added = await run(args, { input: 'a long enough secret 7\n' });
  expect(added).toMatchObject({ code: 0, out: expect.stringMatching(new RegExp(`^user ${uuid}\n$`)) });
  expect(added.err).toContain('Team Nine');
  const twice = await run(args, { input: 'a long enough secret 7\n' });
  expect(twice).toMatchObject({ code: 1, out: '' });
  expect(twice.err).toContain('This user is in already.');
  expect(added.out + added.err + twice.err).not.toContain('long enough');
  const acting = await run([
    'key',
    'create',
    '--role',
    'sales_representative',
    '--name',
    'phone',
    '--user',
    'ana@example.com',
  ]);
  expect(acting.code).toBe(0);
}, 60_000);

test('definitions go out and in again without a difference; a change makes a version, which can be reverted', async () => {
  const dir = join(folder, 'definitions');
  expect((await run(['definition', 'export', dir])).code).toBe(0);
  expect(await run(['definition', 'diff', dir])).toMatchObject({ code: 0, out: 'Nothing differs.\n' });
  const path = join(dir, 'objects/accounts.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(
      'fields:',
      'fields:\n  shoe_size:\n    type: number\n    label: Shoe size\n    owner: crm_owner\n    meaning: The size of shoes their staff wear.',
    ),
  );
  const differs = await run(['definition', 'diff', dir]);
  expect(differs.code).toBe(1);
  expect(differs.out).toContain('shoe_size');
  const applied = await run(['definition', 'apply', dir]);
  expect(applied.code).toBe(0);
  const version = Number(/Version (\d+) is in force/.exec(applied.out)![1]);
  expect(
    (await run(['import', csv('shoes.csv', 'name,shoe size\nCobbler,43\n'), '--object', 'accounts'])).code,
  ).toBe(0);
  expect((await run(['definition', 'revert', String(version - 1)])).code).toBe(0);
  expect((await run(['definition', 'diff', dir])).code).toBe(1);
}, 90_000);

test.each([
  [['imprt'], 'Did you mean import?'],
  [['import', 'x.csv', '--objct', 'accounts'], 'Did you mean --object?'],
  [['import'], 'Which file?'],
  [['import', 'x.csv'], '--object'],
  [['import', 'nowhere.csv', '--object', 'accounts'], 'There is no file nowhere.csv'],
  [['import', '.', '--object', 'accounts'], 'This is a folder'],
  [['import', 'undo', 'no-id'], 'no such batch'],
  [['key', 'create', '--role', 'boss', '--name', 'x'], 'There is no role “boss”'],
  [
    ['key', 'create', '--role', 'read_only', '--name', 'x', '--user', 'nobody@example.com'],
    'no user with this e-mail',
  ],
  [
    ['user', 'add', '--email', 'x@example.com', '--role', 'read_only', '--password-stdin'],
    'No password came',
  ],
  [['definition', 'apply', 'nowhere'], 'There is no folder nowhere'],
  [['definition', 'revert', 'yesterday'], 'no number of a version'],
])(
  'groundwork %s is refused in a sentence, without a stack trace',
  async (args, sentence) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain(sentence);
    expect(ran.err).not.toMatch(/\n\s+at /);
  },
  30_000,
);

test('a database that cannot be reached is said in a sentence', async () => {
  const ran = await run(['key', 'create', '--role', 'read_only', '--name', 'x'], {
    env: { DATABASE_URL: 'http://nonsense' },
  });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('DATABASE_URL must look like');
}, 30_000);

test('it runs from any folder and through a symlink', async () => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(wrapper, join(folder, 'bin/gw'));
  symlinkSync('gw', join(folder, 'bin/gw2'));
  const ran = await run(['--help'], { command: join(folder, 'bin/gw2'), cwd: '/' });
  expect(ran.code).toBe(0);
  expect(ran.out).toContain('Usage: groundwork');
}, 30_000);

test('Ctrl-C ends an import after the rows at hand, with its batch and exit code 2', async () => {
  const path = csv(
    'long.csv',
    `name\n${Array.from({ length: 20_000 }, (_, at) => `Interrupted ${at}`).join('\n')}\n`,
  );
  const child = spawn(wrapper, ['import', path, '--object', 'accounts'], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: workspace.database.url },
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  const loaded = async () =>
    Number(
      (
        await workspace.database.pool.query(
          `SELECT count(*) AS n FROM crm.accounts WHERE name LIKE 'Interrupted%'`,
        )
      ).rows[0].n,
    );
  await expect.poll(loaded, { timeout: 20_000 }).toBeGreaterThan(0);
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(2);
  expect(out.trimEnd().split('\n').at(-1)).toMatch(batchLine);
  expect(await loaded()).toBeLessThan(20_000);
}, 60_000);
