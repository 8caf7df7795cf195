/**
 * Every pipeline, every checkpoint item, every door: what the stage asks for is asked of everybody, whole, and
 * who is refused has changed nothing. The cases are made from the catalog, so that a new pipeline is tested
 * the day it is written.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ItemModel, PipelineModel, StageModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import type { ProblemBody } from '../../core/errors/problem.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { ident, rows, sql } from '../../core/sql/sql.ts';
import {
  factsOf,
  itemsAt,
  openStages,
  type Facts,
  type FactsOf,
  type Lack,
} from '../../testing/checkpoint-facts.ts';
import { refused } from '../../testing/refused.ts';
import { testWorkspace, type TestWorkspace } from '../../testing/workspace.ts';
import { bulkEdit } from '../batches/bulk.ts';
import { finishBatch, startBatch } from '../batches/batches.ts';
import { undoBatch } from '../batches/undo.ts';
import { applyDefinitions } from '../definitions/apply.ts';
import { get } from '../read/get.ts';
import { list } from '../read/list.ts';
import { write, type Change } from './write.ts';

/** Beside the shipped ones: kinds of item and rules that those do not use. */
const tender = `object: deals
label: Tender
owner: team_lead
meaning: Public tenders, where the papers come first and the talk comes last.
stages:
  - key: found
    label: Found
    outcome: open
    goal: Somebody has read the call for tenders.
    action: Read it, and say whether we bid.
  - key: bidding
    label: Bidding
    outcome: open
    goal: The papers are together and the sum is known.
    action: Collect the papers.
    enter:
      - key: papers
        type: related
        of: documents
        where: { kind: contract }
        at_least: 2
        why: A bid without its papers is not opened.
      - key: sum
        type: condition
        condition: { amount: { gte: 10 } }
        say: The sum of the bid is missing or too small.
        why: Below that nobody answers.
  - key: handed_in
    label: Handed in
    outcome: open
    goal: They hold the bid.
    action: Wait, and keep the date.
    enter:
      - key: date
        type: fields
        fields: [expected_close_on]
        why: The day of the opening is known and public.
      - key: note
        type: fields
        fields: [notes]
        why: Who opens it should be known by name.
        mode: advise
        enforce_from: '2031-01-01'
  - key: won
    label: Won
    outcome: won
    goal: We have been given the contract.
    action: Celebrate, then read the small print.
  - key: lost
    label: Lost
    outcome: lost
    goal: We know who won it and for how much.
    action: Ask for the protocol.
    enter:
      - key: reason
        type: fields
        fields: [loss_reason]
        why: The next bid is written better for it.
`;

let workspace: TestWorkspace;
let admin: Context;
let boss: Context;
let key: Context;
const samples = new Map<string, string>();
let all: FactsOf[];
let cases = 0;

beforeAll(async () => {
  workspace = await testWorkspace();
  admin = workspace.admin;
  await applyDefinitions(admin, { files: [{ path: 'pipelines/tender.yaml', text: tender }] });
  await workspace.definitions.refresh();
  const { catalog } = admin;
  const plain: Record<string, Record<string, unknown>> = {
    users: { name: 'Olga Owner', email: 'olga@ours.example' },
    accounts: { name: 'Buyer Ltd' },
    contacts: { last_name: 'Buyer' },
  };
  for (const [object, set] of Object.entries(plain)) samples.set(object, await workspace.create(object, set));
  boss = workspace.user({ id: samples.get('users')!, name: 'Olga Owner' }, 'administrator');
  key = workspace.as('crm_owner');
  all = [...catalog.pipelines.values()].map((pipeline) =>
    factsOf(catalog, pipeline, (object) => {
      const id = samples.get(object);
      if (!id) throw new Error(`There is no sample of ${object}.`);
      return id;
    }),
  );
});
afterAll(async () => {
  console.info(`gates: ${cases} refusals over ${all?.length} pipelines`);
  await workspace.close();
});

/** The changes that make a record, in a stage and with its proofs. */
function making(of: FactsOf, facts: Facts, stage: StageModel): { id: string; changes: Change[] } {
  const id = uuidV7();
  const set = {
    ...facts.fields,
    [of.object.pipelineField!]: of.pipeline.key,
    [of.object.stageField!]: stage.key,
  };
  const changes: Change[] = [{ create: of.object.key, id, set }];
  for (const item of of.pipeline.items) {
    const proof = facts.proofs.has(item.id) ? of.proofOf(item) : undefined;
    for (let n = 0; n < (proof?.times ?? 0); n++)
      changes.push({ create: proof!.object, set: { ...proof!.set, [proof!.link]: id } });
  }
  return { id, changes };
}

async function made(of: FactsOf, facts: Facts, stage: StageModel): Promise<string> {
  const { id, changes } = making(of, facts, stage);
  await write(admin, { changes, mode: 'all' });
  return id;
}

/** Only what the items of a stage ask for. */
function only(of: FactsOf, items: readonly ItemModel[]): Facts {
  const { full } = of;
  const asked = new Set(
    items.flatMap((item) => of.lacks(item).flatMap(({ without }) => without.split(' and '))),
  );
  const required = [...of.object.fields.values()].filter((field) => field.required).map((field) => field.key);
  return {
    fields: Object.fromEntries(
      Object.entries(full.fields).map(([name, value]) => [
        name,
        asked.has(name) || required.includes(name) ? value : null,
      ]),
    ),
    proofs: new Set(items.map((item) => item.id).filter((id) => full.proofs.has(id))),
  };
}

const missing = (problem: ProblemBody): string[] => problem.errors.map((one) => one.item ?? one.code).sort();

/** Row, events and number of all records: what must not change by a refusal. */
async function snapshot(object: string, id: string): Promise<unknown> {
  const pool = workspace.database.pool;
  return [
    await rows(pool, sql`SELECT to_jsonb(t) AS row FROM ${ident('crm', object)} t WHERE t.id = ${id}`),
    await rows(pool, sql`SELECT count(*) AS n FROM platform.events`),
    await rows(
      pool,
      sql`SELECT (SELECT count(*) FROM crm.activities) AS a, (SELECT count(*) FROM crm.tasks) AS t, (SELECT count(*) FROM crm.documents) AS d`,
    ),
  ];
}

/** Each door refuses with exactly these items, and leaves the record as it was. */
async function refusedBy(
  of: FactsOf,
  id: string,
  expected: readonly string[],
  doors: Record<string, () => Promise<ProblemBody>>,
): Promise<void> {
  const before = await snapshot(of.object.key, id);
  for (const [door, knock] of Object.entries(doors)) {
    const problem = await knock();
    cases += 1;
    expect({ door, missing: missing(problem) }).toEqual({ door, missing: [...expected].sort() });
    for (const one of problem.errors) {
      expect(one.fix.say.length).toBeGreaterThan(5);
      if (one.item) expect(one.why && one.owner && one.message).toBeTruthy();
    }
  }
  expect(await snapshot(of.object.key, id)).toEqual(before);
}

const through = (context: Context, change: Change) =>
  refused(write(context, { changes: [change], mode: 'all' }));

/** A bulk edit answers per record: its findings as the problem would tell them. */
async function bulked(object: string, id: string, set: Record<string, unknown>): Promise<ProblemBody> {
  const answer = await bulkEdit(boss, { object, ids: [id], set });
  expect(answer.done).toBe(0);
  return { status: 422, code: '', title: '', detail: '', errors: answer.refused[0]!.errors };
}

/** The doors of a move, each for an administrator and for a key without user. */
function moveDoors(of: FactsOf, id: string, to: StageModel, set: Record<string, unknown> = {}) {
  const object = of.object.key;
  const staged = { ...set, [of.object.stageField!]: to.key };
  return {
    'update by administrator': () => through(boss, { update: object, id, set: staged }),
    'update by key': () => through(key, { update: object, id, set: staged }),
    'advance by administrator': () => through(boss, { advance: object, id, to: to.key, set }),
    'advance by key': () => through(key, { advance: object, id, to: to.key, set }),
    bulk: () => bulked(object, id, staged),
  };
}

/** Steps that a pipeline allows by the rules of the house: forward one, closing, lost from anywhere. */
function steps(pipeline: PipelineModel): { from: StageModel; to: StageModel }[] {
  const open = openStages(pipeline);
  const found = open.slice(1).map((to, at) => ({ from: open[at]!, to }));
  for (const to of pipeline.stages.filter((stage) => !stage.open)) {
    const lost = to.outcome === 'lost' || to.outcome === 'dropped';
    for (const from of lost ? open : open.slice(-1)) found.push({ from, to });
  }
  return found;
}

test('no record is created in a stage without what the stage asks for, by anybody', async () => {
  for (const of of all) {
    for (const stage of of.pipeline.stages) {
      const items = itemsAt(of.pipeline, stage);
      const lacks: Lack[] = items.flatMap((item) => of.lacks(item));
      if (items.length > 0) lacks.push({ item: items[0]!, facts: only(of, []), without: 'anything' });
      for (const lack of lacks) {
        const expected = of.unmet(lack.facts, items);
        for (const context of [boss, key]) {
          const { id, changes } = making(of, lack.facts, stage);
          // Who asks would own the record, were the owner not said to be nobody.
          await refusedBy(of, id, withEntry(of, lack.facts, expected), {
            create: () => refused(write(context, { changes, mode: 'all' })),
          });
        }
      }
      const { changes } = making(of, of.full, stage);
      expect((await write(key, { changes, mode: 'all' })).every((one) => one.ok)).toBe(true);
    }
  }
});

/** The entry condition of a pipeline is asked beside its items. */
function withEntry(of: FactsOf, facts: Facts, items: readonly string[]): string[] {
  const entry = of.pipeline.definition.entry as Record<string, { missing: boolean }> | undefined;
  const unmet = Object.keys(entry ?? {}).some((field) => (facts.fields[field] ?? null) === null);
  return unmet ? ['not_for_this_pipeline', ...items] : [...items];
}

test('no record moves on without what the next stage asks for, by any door, and the whole list is told', async () => {
  for (const of of all) {
    for (const { from, to } of steps(of.pipeline)) {
      const before = itemsAt(of.pipeline, from);
      const items = itemsAt(of.pipeline, to, from);
      for (const lack of items.flatMap((item) => of.lacks(item))) {
        const expected = of.unmet(lack.facts, items);
        if (withEntry(of, lack.facts, of.unmet(lack.facts, before)).length === 0) {
          const id = await made(of, lack.facts, from);
          await refusedBy(of, id, expected, moveDoors(of, id, to));
        } else if (!of.proofOf(lack.item)) {
          // What it has already, taken away in the same breath.
          const id = await made(of, of.full, from);
          const set = Object.fromEntries(
            Object.entries(lack.facts.fields).filter(([name, value]) => of.full.fields[name] !== value),
          );
          await refusedBy(of, id, withEntry(of, lack.facts, expected), moveDoors(of, id, to, set));
        }
      }
      const fresh = items.filter((item) => !before.includes(item));
      if (fresh.length === 0) continue;
      const facts = withAccount(of, only(of, before));
      const expected = of.unmet(facts, items);
      if (expected.length === 0) continue;
      const id = await made(of, facts, from);
      await refusedBy(of, id, expected, moveDoors(of, id, to));
    }
  }
});

/** Fields that the entry asks for, kept filled. */
function withAccount(of: FactsOf, facts: Facts): Facts {
  const asked = Object.keys((of.pipeline.definition.entry as object | undefined) ?? {});
  const kept = asked.map((name) => [name, of.sample(of.object.fields.get(name)!)]);
  return { ...facts, fields: { ...facts.fields, ...Object.fromEntries(kept) } };
}

test('a refusal says what to send, and sending that passes', async () => {
  for (const of of all) {
    for (const { from, to } of steps(of.pipeline)) {
      const id = await made(of, withAccount(of, only(of, itemsAt(of.pipeline, from))), from);
      const object = of.object.key;
      const dry = await write(admin, {
        changes: [{ advance: object, id, to: to.key }],
        mode: 'each',
        dryRun: true,
      });
      if (dry[0]!.ok) continue;
      const fixes = dry[0]!.problem.body.errors.map((one) => of.sent(one.fix));
      const files = fixes.flatMap(({ file }) => (file ? [file] : []));
      for (const item of of.pipeline.items) {
        // What no companion can bring is done beforehand.
        const proof = of.proofOf(item);
        const named = dry[0]!.problem.body.errors.some(
          (one) => one.item === item.id && Object.keys(one.fix).length === 1,
        );
        for (let n = 0; proof && named && n < proof.times; n++)
          await workspace.create(proof.object, { ...proof.set, [proof.link]: id });
      }
      const set = Object.assign({}, ...fixes.map((fix) => fix.set ?? {})) as Record<string, unknown>;
      const activity = fixes.find((fix) => fix.activity)?.activity;
      const task = fixes.find((fix) => fix.task)?.task;
      await workspace.change(boss, { advance: object, id, to: to.key, set, activity, task, files });
      expect(await get(admin, { object, id, fields: ['stage', 'gaps'] })).toMatchObject({
        stage: to.key,
        gaps: null,
      });
    }
  }
});

test('a change of pipeline is a transition: it asks for everything at and before the stage it enters', async () => {
  for (const of of all) {
    const other = all.find((one) => one.object === of.object && one !== of);
    if (!other) continue;
    const { pipelineField, stageField, key: object } = of.object;
    for (const stage of of.pipeline.stages) {
      const items = itemsAt(of.pipeline, stage);
      for (const lack of items.flatMap((item) => of.lacks(item))) {
        // It stands at the start of the other pipeline, which asks for nothing yet.
        const { id, changes } = making(of, lack.facts, stage);
        const [first, ...proofs] = changes as [Extract<Change, { create: string }>, ...Change[]];
        const start = { ...first, set: { ...first.set, [pipelineField!]: 'tender', [stageField!]: 'found' } };
        if (of.pipeline.key === 'tender')
          Object.assign(start.set, { [pipelineField!]: 'new_business', [stageField!]: 'new' });
        await write(admin, { changes: [start, ...proofs], mode: 'all' });
        const set = { [pipelineField!]: of.pipeline.key, [stageField!]: stage.key };
        await refusedBy(of, id, withEntry(of, lack.facts, of.unmet(lack.facts, items)), {
          'update by administrator': () => through(boss, { update: object, id, set }),
          'update by key': () => through(key, { update: object, id, set }),
          advance: () =>
            through(key, { advance: object, id, to: stage.key, set: { [pipelineField!]: of.pipeline.key } }),
          bulk: () => bulked(object, id, set),
        });
      }
    }
  }
});

test('what a stage asked for cannot be emptied as long as the record stands there or beyond', async () => {
  for (const of of all) {
    for (const stage of of.pipeline.stages) {
      const items = itemsAt(of.pipeline, stage);
      const id = await made(of, of.full, stage);
      for (const lack of items.flatMap((item) => of.lacks(item)).filter(({ item }) => !of.proofOf(item))) {
        const set = Object.fromEntries(
          Object.entries(lack.facts.fields).filter(([name, value]) => of.full.fields[name] !== value),
        );
        const object = of.object.key;
        await refusedBy(of, id, withEntry(of, lack.facts, of.unmet(lack.facts, items)), {
          'update by administrator': () => through(boss, { update: object, id, set }),
          'update by key': () => through(key, { update: object, id, set }),
          'advance to where it is': () => through(boss, { advance: object, id, to: stage.key, set }),
          bulk: () => bulked(object, id, set),
        });
      }
    }
  }
});

const recordOf = (of: FactsOf, id: string) => get(admin, { object: of.object.key, id, archived: 'include' });
const gapsOf = async (of: FactsOf, id: string): Promise<unknown> => (await recordOf(of, id))['gaps'];

/** Ways to take a proof away, and back. */
function losses(of: FactsOf, item: ItemModel, proofId: string, elsewhere: string) {
  const { object, link } = of.proofOf(item)!;
  const model = admin.catalog.objects.get(object)!;
  const fix = item.kind.missing(item.settings, {
    catalog: admin.catalog,
    object: of.object,
    condition: () => sql`true`,
    check: () => [],
    explain: () => '',
  }).fix;
  const update = (set: Record<string, unknown>): Change => ({ update: object, id: proofId, set });
  const found: { way: string; lose: Change; back: (record: string) => Change }[] = [
    {
      way: 'archived',
      lose: { archive: object, id: proofId },
      back: () => ({ restore: object, id: proofId }),
    },
    { way: 'relinked', lose: update({ [link]: elsewhere }), back: (record) => update({ [link]: record }) },
    { way: 'unlinked', lose: update({ [link]: null }), back: (record) => update({ [link]: record }) },
  ];
  const { set } = of.proofOf(item)!;
  const emptied = fix.activity
    ? Object.keys(fix.activity).filter((name) => fix.activity![name] === null)
    : [];
  for (const name of [...emptied, ...(fix.file ? ['url'] : [])])
    found.push({
      way: `${name} emptied`,
      lose: update({ [name]: null }),
      back: () => update({ [name]: set[name] }),
    });
  if (fix.task && model.fields.has('done_at')) {
    const now = new Date().toISOString();
    found.push({ way: 'done', lose: update({ done_at: now }), back: () => update({ done_at: null }) });
  }
  return found;
}

test('evidence that goes leaves a gap: counted, asked for before the next step forward, closed when it comes back', async () => {
  let lost = 0;
  for (const of of all) {
    const object = of.object.key;
    for (const stage of openStages(of.pipeline)) {
      const items = itemsAt(of.pipeline, stage).filter((item) => of.proofOf(item));
      if (items.length === 0) continue;
      const id = await made(of, of.full, stage);
      const elsewhere = await made(of, only(of, []), openStages(of.pipeline)[0]!).catch(() =>
        made(of, withAccount(of, only(of, [])), openStages(of.pipeline)[0]!),
      );
      for (const item of items) {
        const proof = of.proofOf(item)!;
        const { data } = await list(admin, {
          object: proof.object,
          where: { [proof.link]: id, ...simple(proof.set) },
        });
        const proofId = data[0]!['id'] as string;
        const onward = steps(of.pipeline).find(
          ({ from, to }) => from === stage && (to.open || to.outcome === 'won' || to.outcome === 'done'),
        );
        for (const { way, lose, back } of losses(of, item, proofId, elsewhere)) {
          lost += 1;
          const { version } = await recordOf(of, id);
          await workspace.change(boss, lose);
          expect({ way, item: item.id, gaps: await gapsOf(of, id) }).toEqual({
            way,
            item: item.id,
            gaps: [item.id],
          });
          expect((await recordOf(of, id))['version']).toBe(version);
          const counted = await list(admin, {
            object,
            where: { gaps: { missing: false } },
            fields: ['id'],
            count: 'exact',
          });
          expect(counted.data.map((one) => one['id'])).toEqual([id]);
          expect((await list(admin, { object, where: { gaps: { has: item.id } } })).data).toHaveLength(1);
          if (onward) await refusedBy(of, id, [item.id], moveDoors(of, id, onward.to));
          // A gap stops nobody from working on the record.
          await workspace.change(boss, { update: object, id, set: { source: null } });
          await workspace.change(boss, { update: object, id, set: { source: 'referral' } });
          await workspace.change(boss, back(id));
          expect({ way, gaps: await gapsOf(of, id) }).toEqual({ way, gaps: null });
        }
        const notes = await rows<{ note: Record<string, unknown> }>(
          workspace.database.pool,
          sql`SELECT note FROM platform.events WHERE record = ${id} AND type = 'gaps' ORDER BY id DESC LIMIT 2`,
        );
        expect(notes.map(({ note }) => note)).toEqual([
          { gaps_closed: [item.id] },
          { gaps_opened: [item.id] },
        ]);
        if (!onward) continue;
        // What is missing may also be sent along with the step itself.
        await workspace.change(boss, { archive: proof.object, id: proofId });
        const fix = of.sent(
          (await refused(write(key, { mode: 'all', changes: [{ advance: object, id, to: onward.to.key }] })))
            .errors[0]!.fix,
        );
        const stay: Change = {
          advance: object,
          id,
          to: stage.key,
          activity: fix.activity,
          task: fix.task,
          files: fix.file ? [fix.file] : [],
        };
        if (fix.activity || fix.task || fix.file) {
          await workspace.change(boss, stay);
          expect(await gapsOf(of, id)).toBeNull();
        }
        await workspace.change(boss, { restore: proof.object, id: proofId });
      }
    }
  }
  expect(lost).toBeGreaterThan(40);
});

/** The plain values of a proof, as a filter. */
const simple = (set: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(['type', 'kind'].filter((name) => name in set).map((name) => [name, set[name]]));

test('evidence that goes while the record rests is a gap when it comes back', async () => {
  for (const of of all) {
    const object = of.object.key;
    const stage = openStages(of.pipeline).at(-1)!;
    for (const item of itemsAt(of.pipeline, stage).filter((one) => of.proofOf(one))) {
      const id = await made(of, of.full, stage);
      const proof = of.proofOf(item)!;
      const { data } = await list(admin, {
        object: proof.object,
        where: { [proof.link]: id, ...simple(proof.set) },
      });
      await workspace.change(boss, { archive: object, id });
      await workspace.change(boss, { archive: proof.object, id: data[0]!['id'] as string });
      await workspace.change(boss, { restore: object, id });
      expect(await recordOf(of, id)).toMatchObject({ gaps: [item.id], stage: stage.key });
      const onward = steps(of.pipeline).find(
        ({ from, to }) => from === stage && to.outcome !== 'lost' && to.outcome !== 'dropped',
      )!;
      await refusedBy(of, id, [item.id], moveDoors(of, id, onward.to));
    }
  }
});

test('undo of a batch does not bring a record back into a stage whose checkpoint it no longer meets', async () => {
  for (const of of all) {
    const object = of.object.key;
    for (const { from, to } of steps(of.pipeline).filter((step) => step.to.open)) {
      const fresh = itemsAt(of.pipeline, to).filter((item) => !itemsAt(of.pipeline, from).includes(item));
      for (const lack of fresh.flatMap((item) => of.lacks(item))) {
        const id = await made(of, of.full, to);
        const batch = await startBatch(boss, { kind: 'bulk', object });
        await write(boss, {
          mode: 'all',
          batch,
          changes: [{ advance: object, id, to: from.key, reason: 'By mistake' }],
        });
        await finishBatch(boss, batch, { state: 'done', done: 1, refused: 0 });
        const proof = of.proofOf(lack.item);
        if (proof) {
          const { data } = await list(admin, {
            object: proof.object,
            where: { [proof.link]: id, ...simple(proof.set) },
          });
          await workspace.change(boss, { archive: proof.object, id: data[0]!['id'] as string });
        } else {
          const set = Object.entries(lack.facts.fields).filter(
            ([name, value]) => of.full.fields[name] !== value,
          );
          await workspace.change(boss, { update: object, id, set: Object.fromEntries(set) });
        }
        const before = await snapshot(object, id);
        const undone = await undoBatch(boss, batch);
        cases += 1;
        expect(undone).toMatchObject({ done: 0, kept: [{ object, id }] });
        expect(undone.kept[0]!.why).toContain(to.label);
        expect(await snapshot(object, id)).toEqual(before);
      }
    }
  }
});

test('stages are not skipped, and a step that is none is told together with what is missing', async () => {
  for (const of of all) {
    const open = openStages(of.pipeline);
    const closed = of.pipeline.stages.filter((stage) => !stage.open);
    for (const [at, from] of open.entries()) {
      const far = [
        ...open.slice(at + 2),
        ...closed.filter(
          (stage) => at < open.length - 1 && (stage.outcome === 'won' || stage.outcome === 'done'),
        ),
      ];
      if (far.length === 0) continue;
      const id = await made(of, of.full, from);
      for (const to of far) await refusedBy(of, id, ['not_a_step'], moveDoors(of, id, to));
      const bare = withAccount(of, only(of, itemsAt(of.pipeline, from)));
      const poor = await made(of, bare, from);
      const to = far.at(-1)!;
      await refusedBy(
        of,
        poor,
        ['not_a_step', ...of.unmet(bare, itemsAt(of.pipeline, to, from))],
        moveDoors(of, poor, to),
      );
    }
    for (const from of closed) {
      const id = await made(of, of.full, from);
      for (const to of closed.filter((stage) => stage !== from))
        await refusedBy(of, id, ['not_a_step'], moveDoors(of, id, to));
    }
  }
});

test('back, and open again, only with a reason; the event keeps it', async () => {
  for (const of of all) {
    const object = of.object.key;
    const open = openStages(of.pipeline);
    for (const from of of.pipeline.stages) {
      const targets = from.open ? open.slice(0, open.indexOf(from)) : open;
      for (const to of targets) {
        const id = await made(of, of.full, from);
        await refusedBy(of, id, ['reason_needed'], moveDoors(of, id, to));
        await workspace.change(key, { advance: object, id, to: to.key, reason: 'They asked for it.' });
        expect(await recordOf(of, id)).toMatchObject({ stage: to.key });
        const [event] = await rows<{ note: Record<string, unknown> }>(
          workspace.database.pool,
          sql`SELECT note FROM platform.events WHERE record = ${id} ORDER BY id DESC LIMIT 1`,
        );
        expect(event!.note).toMatchObject({ from: from.key, to: to.key, reason: 'They asked for it.' });
      }
    }
  }
});

test('a closed deal that goes on in another pipeline is open again: that too needs a reason', async () => {
  const of = all.find((one) => one.pipeline.key === 'new_business')!;
  const id = await made(of, of.full, of.pipeline.stage('lost')!);
  const set = { pipeline: 'repeat_business', stage: 'new' };
  expect(missing(await through(boss, { update: 'deals', id, set }))).toEqual(['reason_needed']);
  await workspace.change(boss, {
    advance: 'deals',
    id,
    to: 'new',
    set: { pipeline: 'repeat_business' },
    reason: 'Renewal',
  });
  expect(await recordOf(of, id)).toMatchObject({
    stage: 'new',
    pipeline: 'repeat_business',
    closed_on: null,
  });
});

test('a deal with gaps can be lost, and keeps them; it cannot be won', async () => {
  const of = all.find((one) => one.pipeline.key === 'new_business')!;
  const id = await made(of, of.full, of.pipeline.stage('negotiation')!);
  const call = (await list(admin, { object: 'activities', where: { deal: id } })).data[0]!['id'] as string;
  await workspace.change(boss, { archive: 'activities', id: call });
  await refusedBy(of, id, ['contact_established.first_call'], moveDoors(of, id, of.pipeline.stage('won')!));
  await workspace.change(boss, { advance: 'deals', id, to: 'lost' });
  expect(await recordOf(of, id)).toMatchObject({ stage: 'lost', gaps: ['contact_established.first_call'] });
  await workspace.change(boss, { advance: 'deals', id, to: 'negotiation', reason: 'They called back.' });
  expect(await recordOf(of, id)).toMatchObject({
    stage: 'negotiation',
    gaps: ['contact_established.first_call'],
    closed_on: null,
  });
  await refusedBy(of, id, ['contact_established.first_call'], moveDoors(of, id, of.pipeline.stage('won')!));
});

test('evidence taken away in the very call that moves the record does not carry it over', async () => {
  const of = all.find((one) => one.pipeline.key === 'new_business')!;
  const id = await made(of, of.full, of.pipeline.stage('proposal_sent')!);
  const call = (await list(admin, { object: 'activities', where: { deal: id } })).data[0]!['id'] as string;
  const archive: Change = { archive: 'activities', id: call };
  const move: Change = { advance: 'deals', id, to: 'negotiation' };
  for (const changes of [
    [archive, move],
    [move, archive],
  ]) {
    await refusedBy(of, id, ['contact_established.first_call'], {
      together: () => refused(write(boss, { mode: 'all', changes })),
    });
  }
  // Where the record does not go on, the loss is a gap beside its other change.
  await write(boss, { mode: 'all', changes: [archive, { update: 'deals', id, set: { notes: 'Talked.' } }] });
  expect(await recordOf(of, id)).toMatchObject({
    notes: 'Talked.',
    gaps: ['contact_established.first_call'],
  });
});

test('only an override passes: with the right, a reason, a note in history, and the gaps left behind', async () => {
  const team = await workspace.create('teams', { name: 'Overriders' });
  const repId = await workspace.create('users', { name: 'Rita Rep', email: 'rita@ours.example', team });
  const rep = workspace.user({ id: repId, name: 'Rita Rep', teams: [team] }, 'sales_representative');
  const lead = workspace.user({ id: samples.get('users')!, name: 'Olga', teams: [team] }, 'team_lead');
  for (const of of all.filter((one) => one.object.key === 'deals')) {
    for (const { from, to } of steps(of.pipeline)) {
      const before = itemsAt(of.pipeline, from);
      const facts = withAccount(of, only(of, before));
      const expected = of
        .unmet(facts, itemsAt(of.pipeline, to, from))
        .filter((id) => !id.endsWith('.owner'))
        .sort();
      if (expected.length === 0) continue;
      const id = await made(of, { ...facts, fields: { ...facts.fields, owner: repId } }, from);
      const move: Change = { advance: 'deals', id, to: to.key, override_reason: 'The customer waits.' };
      await refusedBy(of, id, ['forbidden'], { 'without the right': () => through(rep, move) });
      await refusedBy(of, id, expected, {
        'an empty reason': () => through(lead, { ...move, override_reason: '  ' }),
      });
      await workspace.change(lead, move);
      expect(await recordOf(of, id)).toMatchObject({ stage: to.key, gaps: expected });
      const [event] = await rows<{ note: Record<string, unknown> }>(
        workspace.database.pool,
        sql`SELECT note FROM platform.events WHERE record = ${id} ORDER BY id DESC LIMIT 1`,
      );
      expect(event!.note).toMatchObject({
        override: { reason: 'The customer waits.', items: expect.arrayContaining(expected) },
        gaps_opened: expected,
      });
      const next = steps(of.pipeline).find((step) => step.from === to && step.to.outcome !== 'lost');
      if (!next) continue;
      const problem = await through(boss, { advance: 'deals', id, to: next.to.key });
      cases += 1;
      expect(missing(problem)).toEqual(expect.arrayContaining(expected));
    }
  }
});

test('advise refuses nothing and notes who would have been; from its day on it refuses', async () => {
  const of = all.find((one) => one.pipeline.key === 'tender')!;
  const { id: _, ...bare } = { ...of.full.fields, notes: null, id: null };
  const facts = { ...of.full, fields: bare };
  const bidding = of.pipeline.stage('bidding')!;
  const [one, two] = [await made(of, facts, bidding), await made(of, facts, bidding)];
  await workspace.change(boss, { advance: 'deals', id: one, to: 'handed_in' });
  expect(await gapsOf(of, one)).toBeNull();
  const [event] = await rows<{ note: Record<string, unknown> }>(
    workspace.database.pool,
    sql`SELECT note FROM platform.events WHERE record = ${one} ORDER BY id DESC LIMIT 1`,
  );
  expect(event!.note['advised']).toEqual(['handed_in.note']);
  const later: Context = { ...boss, catalog: boss.catalog, now: new Date('2031-01-01T08:00:00Z') };
  await refusedBy(of, two, ['handed_in.note'], {
    'from its day on': () => through(later, { advance: 'deals', id: two, to: 'handed_in' }),
  });
  const eve = { ...later, now: new Date('2030-12-31T23:59:00Z') };
  await write(eve, {
    mode: 'each',
    dryRun: true,
    changes: [{ advance: 'deals', id: two, to: 'handed_in' }],
  }).then(([outcome]) => expect(outcome).toMatchObject({ ok: true }));
  // It was only advised when it passed: the next step asks for it now; other work does not.
  await refusedBy(of, one, ['handed_in.note'], {
    'the next step': () => through(later, { advance: 'deals', id: one, to: 'won' }),
  });
  await workspace.change(later, { update: 'deals', id: one, set: { amount: 11 } });
});

test('time that passes refuses nothing and opens no gap', async () => {
  const of = all.find((one) => one.pipeline.key === 'repeat_business')!;
  const id = await made(of, of.full, of.pipeline.stage('needs_confirmed')!);
  const mail = await workspace.create('activities', { type: 'email', deal: id, subject: 'Hello' });
  const call = (await list(admin, { object: 'activities', where: { deal: id, type: 'call' } })).data[0]![
    'id'
  ] as string;
  const later: Context = { ...boss, catalog: boss.catalog, now: new Date(Date.now() + 200 * 86_400_000) };
  await workspace.change(later, { update: 'deals', id, set: { amount: 99, notes: 'Still there.' } });
  await workspace.change(later, { update: 'activities', id: call, set: { body: 'As I remember it.' } });
  await workspace.change(later, { archive: 'activities', id: mail });
  expect(await gapsOf(of, id)).toBeNull();
  await workspace.change(later, { advance: 'deals', id, to: 'proposal_sent' });
  expect(await recordOf(of, id)).toMatchObject({ stage: 'proposal_sent', gaps: null });
  // Who enters the stage anew needs a fresh one.
  const other = await made(of, of.full, of.pipeline.stage('new')!);
  await refusedBy(of, other, ['needs_confirmed.confirmed_by_customer'], {
    later: () => through(later, { advance: 'deals', id: other, to: 'needs_confirmed' }),
  });
});
