/**
 * The first promise of the product: a checkpoint binds every door. Each pipeline's stages are tried by each
 * door of the API, and by the file import, on a record that meets nothing; every refusal must list all that
 * is missing, and nothing may have been written.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ItemModel, PipelineModel, StageModel } from '../core/catalog/catalog.ts';
import { testServer, type Answer, type TestServer } from './test-server.ts';

let server: TestServer;
let admin: string;
let owned: string;

beforeAll(async () => {
  server = await testServer();
  admin = await server.key('administrator');
  const user = await server.call('POST', '/api/v1/users', {
    key: admin,
    body: {
      name: 'Ada Admin',
      email: 'ada@example.com',
      role: 'administrator',
      password: 'a long enough password',
    },
  });
  expect(user.status).toBe(201);
  owned = await server.key('administrator', 'ada@example.com');
});
afterAll(() => server.close());

/**
 * What a bare record must be told, worked out from the definitions alone: every item on the way to the stage that
 * a record with nothing but its name cannot meet. Items of kind `condition` may happen to hold and are left out.
 */
function mustBeTold(pipeline: PipelineModel, stage: StageModel, hasOwner: boolean): string[] {
  const way = pipeline.stages.filter(
    (one) => one.open && (stage.open ? one.index <= stage.index : !isLoss(stage) || one.index === 0),
  );
  const asked = (item: ItemModel): boolean =>
    item.moment === 'enter'
      ? item.stage === stage.key || way.some((one) => one.key === item.stage)
      : way.some((one) => one.key === item.stage && one.key !== stage.key);
  return pipeline.items
    .filter(asked)
    .filter((item) => item.definition.type !== 'condition')
    .filter((item) => !(hasOwner && String((item.settings as { fields?: string[] }).fields) === 'owner'))
    .map((item) => item.id);
}

const isLoss = (stage: StageModel): boolean => stage.outcome === 'lost' || stage.outcome === 'dropped';

const itemsOf = (errors: { item?: string }[]): string[] => errors.flatMap((error) => error.item ?? []);

function expectRefused(answer: Answer, told: readonly string[]): void {
  expect(answer.status, JSON.stringify(answer.body)).toBe(422);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(itemsOf(answer.body.errors)).toEqual(expect.arrayContaining([...told]));
  for (const error of answer.body.errors) expect(error.fix.say.length).toBeGreaterThan(5);
}

type Bare = { id: string; version: number; stage: string };

async function bare(pipeline: PipelineModel, key: string): Promise<Bare> {
  const { status, body } = await server.call('POST', `/api/v1/${pipeline.object}`, {
    key,
    body: { name: 'Bare', ...entryOf(pipeline), pipeline: pipeline.key },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Bare;
}

/** What the pipeline's entry asks for, so that only checkpoints stand in the way. */
const entryOf = (pipeline: PipelineModel): Record<string, unknown> =>
  pipeline.key === 'repeat_business' ? { account } : {};
let account: string;

async function expectUntouched(pipeline: PipelineModel, record: Bare): Promise<void> {
  const { body } = await server.call('GET', `/api/v1/${pipeline.object}/${record.id}`, { key: admin });
  expect({ stage: body.stage, version: body.version, gaps: body.gaps }).toEqual({
    stage: record.stage,
    version: record.version,
    gaps: null,
  });
}

const pipelineOf = (key: string): PipelineModel => server.catalog.pipelines.get(key)!;

describe.each(['new_business', 'repeat_business', 'lead_handling'])('%s', (key) => {
  beforeAll(async () => {
    account ??= (await server.call('POST', '/api/v1/accounts', { key: admin, body: { name: 'Betatech' } }))
      .body.id;
  });

  const stages = (): { pipeline: PipelineModel; stage: StageModel; told: string[] }[] => {
    const pipeline = pipelineOf(key);
    return pipeline.stages
      .slice(1)
      .map((stage) => ({ pipeline, stage, told: mustBeTold(pipeline, stage, false) }))
      .filter(({ told }) => told.length > 0);
  };

  test('creating a record in a stage is refused with the whole list', async () => {
    for (const { pipeline, stage, told } of stages()) {
      const body = { name: 'Born late', ...entryOf(pipeline), pipeline: pipeline.key, stage: stage.key };
      expectRefused(await server.call('POST', `/api/v1/${pipeline.object}`, { key: admin, body }), told);
    }
    const { body } = await server.call('GET', `/api/v1/${pipelineOf(key).object}?q=born%20late&count=exact`, {
      key: admin,
    });
    expect(body.total).toBe(0);
  });

  test('changing the stage, advancing and bulk editing are refused with the whole list, for a key with and without user', async () => {
    for (const { pipeline, stage } of stages()) {
      for (const [caller, hasOwner] of [
        [admin, false],
        [owned, true],
      ] as const) {
        const told = mustBeTold(pipeline, stage, hasOwner);
        if (told.length === 0) continue;
        const record = await bare(pipeline, caller);
        const path = `/api/v1/${pipeline.object}/${record.id}`;
        expectRefused(await server.call('PATCH', path, { key: caller, body: { stage: stage.key } }), told);
        expectRefused(
          await server.call('POST', `${path}/advance`, {
            key: caller,
            body: { to: stage.key, reason: 'Because.' },
          }),
          told,
        );
        const bulk = await server.call('POST', '/api/v1/bulk', {
          key: caller,
          body: { object: pipeline.object, ids: [record.id], set: { stage: stage.key } },
        });
        expect(bulk.body.done).toBe(0);
        expect(itemsOf(bulk.body.refused[0].errors)).toEqual(expect.arrayContaining(told));
        await expectUntouched(pipeline, record);
      }
    }
  });

  test('an import is refused row by row with the whole list', async () => {
    for (const { pipeline, stage, told } of stages()) {
      const form = new FormData();
      form.set('object', pipeline.object);
      const extra = Object.entries(entryOf(pipeline));
      const csv = [
        ['name', 'pipeline', 'stage', ...extra.map(([field]) => field)].join(),
        ['From a file', pipeline.key, stage.key, ...extra.map(([, value]) => value)].join(),
      ].join('\n');
      form.set('file', new File([csv], 'records.csv'));
      const { body } = await server.call('POST', '/api/v1/imports', { key: admin, body: form });
      expect(body.done, JSON.stringify(body)).toBe(0);
      expect(itemsOf(body.refused[0].errors)).toEqual(expect.arrayContaining(told));
    }
  });

  test('bringing back, undo and a change of pipeline open no way round', async () => {
    for (const { pipeline, stage, told } of stages()) {
      const record = await bare(pipeline, admin);
      const path = `/api/v1/${pipeline.object}/${record.id}`;
      await server.call('DELETE', path, { key: admin });
      const archived = await server.call('PATCH', path, { key: admin, body: { stage: stage.key } });
      expect(archived.status).toBe(409);
      const back = await server.call('POST', `${path}/restore`, { key: admin });
      expect(back.body.stage).toBe(record.stage);
      const other = [...server.catalog.pipelines.values()].find(
        (one) => one.object === pipeline.object && one.key !== pipeline.key,
      );
      if (other) {
        const from = await bare(other, admin);
        const body = { ...entryOf(pipeline), pipeline: pipeline.key, stage: stage.key };
        expectRefused(
          await server.call('PATCH', `/api/v1/${pipeline.object}/${from.id}`, { key: admin, body }),
          told,
        );
        await expectUntouched(other, from);
      }
    }
  });
});

/** Leads a deal to `proposal_sent` by honest work; gives the evidence. */
async function honestDeal(): Promise<{ id: string; call: string; document: string }> {
  const call = async (method: string, path: string, body?: unknown): Promise<any> => {
    const answer = await server.call(method, path, { key: owned, body });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body;
  };
  const contact = await call('POST', '/api/v1/contacts', {
    last_name: 'Varga',
    email: `varga.${Math.random()}@example.com`,
  });
  const { id } = await call('POST', '/api/v1/deals', {
    name: 'Honest',
    account,
    contact: contact.id,
    amount: 1000,
    expected_close_on: '2030-01-01',
  });
  const today = new Date().toISOString();
  await call('POST', `/api/v1/deals/${id}/advance`, {
    to: 'contact_established',
    activity: { type: 'call', subject: 'First call', result: 'reached', occurred_at: today },
  });
  await call('POST', `/api/v1/deals/${id}/advance`, { to: 'qualified' });
  await call('POST', `/api/v1/deals/${id}/advance`, {
    to: 'proposal_sent',
    set: { proposal_sent_on: today.slice(0, 10) },
    files: [{ name: 'Offer', kind: 'proposal', url: 'https://example.com/offer.pdf' }],
  });
  const activity = await call(
    'GET',
    `/api/v1/activities?where=${encodeURIComponent(JSON.stringify({ deal: id }))}`,
  );
  const document = await call(
    'GET',
    `/api/v1/documents?where=${encodeURIComponent(JSON.stringify({ deal: id }))}`,
  );
  return { id, call: activity.data[0].id, document: document.data[0].id };
}

test('after an honest move no field that its stages asked for can be emptied, by any door', async () => {
  const { id } = await honestDeal();
  for (const field of ['owner', 'account', 'amount', 'contact', 'expected_close_on', 'proposal_sent_on']) {
    const patch = await server.call('PATCH', `/api/v1/deals/${id}`, { key: admin, body: { [field]: null } });
    expect(patch.status, field).toBe(422);
    expect(itemsOf(patch.body.errors).length).toBe(1);
    const bulk = await server.call('POST', '/api/v1/bulk', {
      key: admin,
      body: { object: 'deals', ids: [id], set: { [field]: null } },
    });
    expect(bulk.body).toMatchObject({ done: 0 });
    const form = new FormData();
    form.set('object', 'deals');
    form.set('file', new File([`id,name,${field}\n${id},Honest,\n`], 'empty.csv'));
    await server.call('POST', '/api/v1/imports', { key: admin, body: form });
    const { body } = await server.call('GET', `/api/v1/deals/${id}`, { key: admin });
    expect(body[field], `import of an empty ${field}`).not.toBeNull();
  }
});

test('evidence that is archived, emptied or moved away leaves a gap that is counted and asked for before the next move', async () => {
  const take: ((
    evidence: Awaited<ReturnType<typeof honestDeal>>,
    other: string,
  ) => [string, string, unknown])[] = [
    ({ call }) => ['DELETE', `/api/v1/activities/${call}`, undefined],
    ({ call }) => ['PATCH', `/api/v1/activities/${call}`, { result: null }],
    ({ call }) => ['PATCH', `/api/v1/activities/${call}`, { type: 'note' }],
    ({ call }, other) => ['PATCH', `/api/v1/activities/${call}`, { deal: other }],
    ({ document }) => ['DELETE', `/api/v1/documents/${document}`, undefined],
    ({ document }) => ['PATCH', `/api/v1/documents/${document}`, { url: null }],
  ];
  const other = (await honestDeal()).id;
  for (const way of take) {
    const deal = await honestDeal();
    const [method, path, body] = way(deal, other);
    const taken = await server.call(method, path, { key: admin, body });
    expect(taken.status, JSON.stringify(taken.body)).toBe(200);
    const { body: now } = await server.call('GET', `/api/v1/deals/${deal.id}`, { key: admin });
    expect(now.gaps, `${method} ${JSON.stringify(body)}`).toHaveLength(1);
    const filter = encodeURIComponent(JSON.stringify({ id: deal.id, gaps: { missing: false } }));
    expect(
      (await server.call('GET', `/api/v1/deals?where=${filter}&count=exact`, { key: admin })).body.total,
    ).toBe(1);
    const next = await server.call('POST', `/api/v1/deals/${deal.id}/advance`, {
      key: admin,
      body: { to: 'negotiation', task: { title: 'Sign', due_at: '2030-01-01T09:00:00Z' } },
    });
    expect(next.status).toBe(422);
    expect(itemsOf(next.body.errors)).toEqual(now.gaps);
  }
});

test('an override is the only way past: it needs the right and a reason, and leaves the items as gaps', async () => {
  const record = await bare(pipelineOf('new_business'), admin);
  const path = `/api/v1/deals/${record.id}/advance`;
  const representative = await server.key('sales_representative', 'ada@example.com');
  expect(
    (
      await server.call('POST', path, {
        key: representative,
        body: { to: 'won', override_reason: 'I want to.' },
      })
    ).status,
  ).toBeGreaterThanOrEqual(403);
  const moved = await server.call('POST', path, {
    key: admin,
    body: { to: 'won', override_reason: 'Signed at the fair, papers follow.' },
  });
  expect(moved.status, JSON.stringify(moved.body)).toBe(200);
  expect(moved.body.gaps.length).toBeGreaterThan(3);
  const { body } = await server.call('GET', `/api/v1/deals/${record.id}/history`, { key: admin });
  expect(body.data[0].note.override).toMatchObject({
    reason: 'Signed at the fair, papers follow.',
    items: expect.arrayContaining(moved.body.gaps),
  });
});
