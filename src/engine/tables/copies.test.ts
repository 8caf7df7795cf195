import { describe, expect, test } from 'vitest';
import {
  packs,
  apply,
  withField,
  columns,
  indexes,
  edited,
  refusedWith,
  thing,
  snapshot,
  database,
  useSmallWorkspace,
} from '../../testing/small-workspace.ts';

useSmallWorkspace();

describe('type change', () => {
  const toNumber = () => edited('objects/things.yaml', 'code: { type: text', 'code: { type: number');

  test('old values are read by the new type, also those written during the copy, and the former column stays', async () => {
    for (let i = 0; i < 20; i++) await thing({ name: 'T', code: String(i) });
    let late: string | undefined;
    let edge: string | undefined;
    await apply([await toNumber()], {}, async (name) => {
      if (name.startsWith('catch up things.code')) late = await thing({ name: 'late', code: '77' });
      if (name === 'switch') edge = await thing({ name: 'edge', code: '78' });
    });
    const { rows } = await database.pool.query('SELECT id, code, code__was_2 FROM crm.things ORDER BY code');
    expect(rows).toHaveLength(22);
    expect(rows.slice(-2)).toEqual([
      { id: late, code: '77.0000000000', code__was_2: '77' },
      { id: edge, code: '78.0000000000', code__was_2: '78' },
    ]);
  });

  test('values that cannot be read refuse the change with their count, unless they may be left empty', async () => {
    await thing({ name: 'A', code: '5' });
    await thing({ name: 'B', code: 'five' });
    const before = await snapshot();
    const [found] = await refusedWith(apply([await toNumber()]));
    expect(found).toMatchObject({ code: 'values_do_not_fit', path: 'objects.things.fields.code.type' });
    expect(found!.message).toMatch(/^1 values of “Code” .* “five”/);
    expect(await snapshot()).toEqual(before);
    expect((await columns('things')).filter((name) => name.includes('__n'))).toEqual([]);
    await apply([await toNumber()], { leaveEmpty: true });
    const { rows } = await database.pool.query('SELECT code, code__was_2 FROM crm.things ORDER BY name');
    expect(rows).toEqual([
      { code: '5.0000000000', code__was_2: '5' },
      { code: null, code__was_2: 'five' },
    ]);
  });

  test('a choice turns into text by its labels, and text into a choice by keys and labels', async () => {
    await thing({ name: 'A', colour: 'red' });
    await apply([await edited('objects/things.yaml', 'type: choice, list: colour,', 'type: text,')]);
    const { rows } = await database.pool.query('SELECT colour, colour__fold FROM crm.things');
    expect(rows).toEqual([{ colour: 'Red', colour__fold: 'red' }]);
    await apply([
      await edited('objects/things.yaml', 'colour: { type: text,', 'colour: { type: choice, list: colour,'),
    ]);
    const back = await database.pool.query('SELECT colour FROM crm.things');
    expect(back.rows).toEqual([{ colour: 'red' }]);
  });

  test('a link cannot turn into something else under its key', async () => {
    const [found] = await refusedWith(
      apply([await edited('objects/things.yaml', 'type: link, to: things', 'type: text')]),
    );
    expect(found).toMatchObject({ code: 'type_change', path: 'objects.things.fields.parent.type' });
  });
});

describe('rollups and search', () => {
  test('a new rollup counts what is there, and what is written while it is being filled', async () => {
    const parent = await thing({ name: 'P' });
    await thing({ name: 'a', parent });
    const rollup =
      'parts: { type: rollup, fn: count, of: things, by: parent, label: Parts, owner: administrator, meaning: How many parts it has. }';
    await apply([await withField(rollup)], {}, async (name) => {
      if (name === 'switch') await thing({ name: 'b', parent });
    });
    const { rows } = await database.pool.query('SELECT name, parts FROM crm.things ORDER BY name');
    expect(rows).toEqual([
      { name: 'P', parts: 2 },
      { name: 'a', parts: 0 },
      { name: 'b', parts: 0 },
    ]);
    await apply([await edited('objects/things.yaml', 'by: parent,', 'by: parent, where: { name: a },')]);
    const counted = await database.pool.query(`SELECT parts FROM crm.things WHERE name = 'P'`);
    expect(counted.rows).toEqual([{ parts: 0 }]); // no fold is stored here, so nothing is called a
  });

  test('search text over other fields is complete from the switch on', async () => {
    await thing({ name: 'Älpha', code: 'X9', search__: 'alpha' });
    await apply(
      [await edited('objects/things.yaml', 'search: [name]', 'search: [name, code]')],
      {},
      async (name) => {
        if (name === 'switch') await thing({ name: 'Beta', code: 'Y1', search__: 'beta' });
        if (name === 'commit' || name === 'clean up') return;
        const { rows } = await database.pool.query(`SELECT 1 FROM crm.things WHERE search__ LIKE '%x9%'`);
        expect(rows).toEqual([]);
      },
    );
    const { rows } = await database.pool.query('SELECT search__ FROM crm.things ORDER BY 1');
    expect(rows).toEqual([{ search__: 'alpha x9' }, { search__: 'beta y1' }]);
    expect((await indexes('things')).filter(({ name }) => name.includes('search'))).toHaveLength(1);
  });

  test('a field that a role may not see leaves the search text', async () => {
    await apply([await edited('objects/things.yaml', 'search: [name]', 'search: [name, code]')]);
    await thing({ name: 'A', code: 'secret', search__: 'a secret' });
    const role = packs['core/roles/administrator.yaml']!.replace('Administrator', 'Visitor')
      .replace(/  '\*'.*\n/, '  things: { read: all, fields: { code: hidden } }\n')
      .replace(/permissions.*\n/, '');
    await apply([{ path: 'roles/visitor.yaml', text: role }]);
    const { rows } = await database.pool.query('SELECT search__ FROM crm.things');
    expect(rows).toEqual([{ search__: 'a' }]);
  });
});
