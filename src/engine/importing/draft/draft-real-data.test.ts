/** Drafts of files as people really have them: each is a mapping that can be used, and answering its questions is enough. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isProblem } from '../../../core/errors/problem.ts';
import { testWorkspace, type TestWorkspace } from '../../../testing/workspace.ts';
import { summarise } from '../../read/summarise.ts';
import { importFile } from '../import-file.ts';
import { importFolder } from '../import-folder.ts';
import { planFolder } from '../folder-plan.ts';
import { asMapped, parseMapping } from '../mapping-file.ts';
import { draftFolder } from './draft-folder.ts';
import { draftMapping } from './draft-mapping.ts';
import { draftYaml } from './draft-yaml.ts';

const data = join(import.meta.dirname, '../../../../../shared/data');
const missing = !existsSync(data);
const why = missing ? ' (skipped: ../shared/data is not here)' : '';
const out = mkdtempSync(join(tmpdir(), 'groundwork-draft-real-'));
let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await testWorkspace();
});
afterAll(async () => {
  await workspace.close();
  rmSync(out, { recursive: true });
});

describe.skipIf(missing)(`drafts of real files${why}`, () => {
  test('the drafts of a whole sales history load it once two stages are decided, with the totals that were published', async () => {
    const folder = join(data, 'crm-sales');
    const { files } = await draftFolder(workspace.admin, folder);
    const store = (change = (text: string) => text): void => {
      for (const [name, text] of files) writeFileSync(join(out, name), change(text));
    };
    store();
    await expect(planFolder(workspace.admin, { folder, mapping: out })).rejects.toMatchObject({
      body: { errors: [{ code: 'undecided' }, { code: 'undecided' }] },
    });
    store((text) =>
      text
        .replace(/Engaging: "\?"/, 'Engaging: contact_established')
        .replace(/Prospecting: "\?"/, 'Prospecting: new'),
    );
    const plan = await planFolder(workspace.admin, { folder, mapping: out });
    const results = await importFolder(workspace.admin, { plan });
    expect(results.map(({ result }) => result!.refused_total)).toEqual(results.map(() => 0));
    expect(await summed('deals', { stage: 'won' })).toMatchObject({ count: 4238, sum: 10_005_534 });
    expect(await summed('deals', { stage: 'contact_established' })).toMatchObject({ count: 1589 });
    expect(await summed('deals', { 'product.name': 'GTX Pro' })).toMatchObject({ count: 1480 });
    expect(await summed('deals', { account: { missing: true } })).toMatchObject({ count: 1425 });
    expect(await summed('users', { manager: { missing: false }, team: { missing: false } })).toMatchObject({
      count: 35,
    });
    expect(await summed('users', {})).toMatchObject({ count: 41 });
  }, 180_000);

  const folders = [
    'messy_crm_exports',
    'rapidpro_contact_imports',
    'salesforce_dataloader',
    'atomic_crm',
    'mautic',
    'salesforce_npsp',
    'salesforce_ebikes',
    'salesforce_dreamhouse',
    'basudev_crm',
    'header_rows',
  ];
  const tables = folders.flatMap((folder) =>
    missing || !existsSync(join(data, 'imports', folder))
      ? []
      : readdirSync(join(data, 'imports', folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.(csv|xlsx|tsv)$/i.test(name))
          .map((name) => join(folder, name)),
  );
  test.each(tables)(
    '%s: its draft is a mapping that takes each column as the import would, and refuses nothing that would load without it',
    async (name) => {
      const path = join(data, 'imports', name);
      const fileName = basename(path);
      const draft = await settled(draftMapping(workspace.admin, { path, fileName })).then((found) =>
        found === undefined
          ? settled(draftMapping(workspace.admin, { path, fileName, object: 'contacts' }))
          : found,
      );
      if (!draft) return expect(await settled(load({ path, fileName, object: 'contacts' }))).toBeUndefined();
      const mapping = parseMapping(draftYaml(draft).replace(/: "\?"/g, ': null'));
      const [drafted, withDraft] = await planned(asMapped({ path, fileName, mapping }));
      const [plain, without] = await planned({
        path,
        fileName,
        object: draft.object.key,
        history: draft.history,
      });
      expect(drafted?.done ?? 0).toBeGreaterThanOrEqual(plain?.done ?? 0);
      for (const [header, field] of Object.entries(without))
        expect([header, withDraft[header]?.replace(/\.\w+$/, '')]).toEqual([
          header,
          field.replace(/\.\w+$/, ''),
        ]);
    },
  );

  const load = (input: Omit<Parameters<typeof importFile>[1], 'dryRun'>) =>
    importFile(workspace.admin, { ...input, dryRun: true });

  /** How it went, and which column fills what. */
  async function planned(input: Parameters<typeof load>[0]) {
    let columns: Record<string, string> = {};
    const result = await settled(
      load({
        ...input,
        onStart(plan) {
          columns = Object.fromEntries(plan.columns.map(({ header, field }) => [header, field]));
        },
      }),
    );
    return [result, columns] as const;
  }

  async function settled<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (isProblem(error) && error.body.status < 500) return undefined;
      throw error;
    }
  }

  /** How many there are, and of deals what they are worth. */
  async function summed(object: string, where: Record<string, unknown>): Promise<Record<string, unknown>> {
    const measures = object === 'deals' ? [{ fn: 'sum' as const, field: 'amount' }] : [];
    const { data: found } = await summarise(workspace.admin, { object, where, measures });
    const { sum_amount: sum, count } = found[0]!;
    return { count, sum: Number(sum) };
  }
});
