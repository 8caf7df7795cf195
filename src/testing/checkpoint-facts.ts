/**
 * For tests of gates: what a record must be like to meet each checkpoint item of a pipeline, and which items
 * a given state of it misses. Worked out from the definitions alone, without asking the database, so that the
 * engine's answer has something independent to be held against.
 */
import type {
  Catalog,
  FieldModel,
  ItemModel,
  ObjectModel,
  PipelineModel,
  StageModel,
} from '../core/catalog/catalog.ts';
import { checkpointEnv } from '../core/conditions/checkpoint-env.ts';
import { conditionMatches } from '../core/conditions/matches.ts';
import { neutralParse, nobody } from '../core/conditions/scope.ts';
import type { Fix } from '../core/errors/problem.ts';

/** Records that prove an item: their object, the link to the record, their values; so many of them. */
export type Proof = { object: string; link: string; set: Record<string, unknown>; times: number };
/** Own fields as written, and the items whose proof is there. */
export type Facts = { fields: Record<string, unknown>; proofs: ReadonlySet<string> };
/** One way to miss an item. */
export type Lack = { item: ItemModel; facts: Facts; without: string };

export type FactsOf = {
  object: ObjectModel;
  pipeline: PipelineModel;
  /** Everything that any item of the pipeline asks for. */
  full: Facts;
  proofOf(item: ItemModel): Proof | undefined;
  /** Of these items, those that do not hold. */
  unmet(facts: Facts, items: readonly ItemModel[]): string[];
  /** Every way to miss the item. */
  lacks(item: ItemModel): Lack[];
  /** What to send to the advance operation to do what a refusal's fix says. */
  sent(fix: Fix): { set?: Record<string, unknown>; activity?: Values; task?: Values; file?: Values };
  sample(field: FieldModel): unknown;
};
type Values = Record<string, unknown>;

/** `linked` gives the id of some record of an object. */
export function factsOf(
  catalog: Catalog,
  pipeline: PipelineModel,
  linked: (object: string) => string,
): FactsOf {
  const object = catalog.objects.get(pipeline.object)!;
  const env = checkpointEnv(catalog, object);
  const parse = neutralParse(catalog);
  const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();

  const sample = (field: FieldModel): unknown => {
    const target = field.type.linkTo?.(field);
    if (target) return linked(target);
    const list = field.type.listOf && catalog.lists.get(field.type.listOf(field));
    const candidates = [
      list?.values.find((value) => value.active !== false)?.key,
      12,
      hourAgo(),
      hourAgo().slice(0, 10),
      'https://files.example/1',
      'somebody@else.example',
      '+4930901820',
      'Some words',
    ];
    const found = candidates.find((one) => one !== undefined && field.type.parse(one, field, parse).ok);
    if (found === undefined) throw new Error(`No sample value fits ${field.object}.${field.key}.`);
    return found;
  };
  const filled = (of: ObjectModel, given: Values): Values => {
    const values = { ...given };
    for (const field of of.fields.values())
      if (field.required && (values[field.key] ?? null) === null) values[field.key] = sample(field);
    for (const [key, value] of Object.entries(values))
      if (value === null) values[key] = sample(of.fields.get(key)!);
    return values;
  };
  const serving = (part: 'activity' | 'task' | 'document') => catalog.objects.get(catalog.serving[part]!)!;
  const linkOf = (of: ObjectModel): string =>
    [...of.fields.values()].find((field) => !field.system && field.type.linkTo?.(field) === object.key)!.key;
  const fixOf = (item: ItemModel): Fix => item.kind.missing(item.settings, env).fix;
  const document = (file: Values): Values => filled(serving('document'), { url: null, ...file });

  function proofOf(item: ItemModel): Proof | undefined {
    const fix = fixOf(item);
    const one = (of: ObjectModel, set: Values): Proof => ({
      object: of.key,
      link: linkOf(of),
      set,
      times: 1,
    });
    if (fix.activity) return one(serving('activity'), filled(serving('activity'), fix.activity));
    if (fix.task) return one(serving('task'), filled(serving('task'), fix.task));
    if (fix.file) return one(serving('document'), document(fix.file));
    const reverse = object.reverse.get(String(item.settings.of));
    if (fix.set || !reverse) return undefined;
    const related = catalog.objects.get(reverse.object)!;
    const set = filled(related, (item.settings.where ?? {}) as Values);
    return { object: related.key, link: reverse.field, set, times: Number(item.settings.at_least ?? 1) };
  }

  /** Own fields that an item asks for, of those that callers write. */
  const fieldsOf = (item: ItemModel): FieldModel[] =>
    [...item.kind.fields(item.settings, env)]
      .map((key) => object.fields.get(key)!)
      .filter((field) => !field.maintained && !field.type.role);

  const canonical = (fields: Values): Values =>
    Object.fromEntries(
      [...object.fields.values()].map((field) => {
        const parsed = field.type.parse(fields[field.key] ?? null, field, parse);
        return [field.key, parsed.ok ? parsed.value : null];
      }),
    );
  function holds(item: ItemModel, facts: Facts): boolean {
    if (proofOf(item)) return facts.proofs.has(item.id);
    const { fields, condition } = item.settings as { fields?: string[]; condition?: unknown };
    if (fields) return fields.every((key) => (facts.fields[key] ?? null) !== null);
    const scene = { catalog, object: object.key, place: 'checkpoint' as const, scope: nobody, parse };
    const answer = conditionMatches(condition, canonical(facts.fields), scene);
    if (answer === 'unknown') throw new Error(`${item.id} cannot be judged in memory.`);
    return answer;
  }
  const unmet = (facts: Facts, items: readonly ItemModel[]): string[] =>
    items.filter((item) => !holds(item, facts)).map((item) => item.id);

  const full: Facts = {
    fields: Object.fromEntries([
      ...[...object.fields.values()]
        .filter((field) => field.required)
        .map((field) => [field.key, sample(field)]),
      ...pipeline.items.flatMap(fieldsOf).map((field) => [field.key, sample(field)]),
    ]) as Values,
    proofs: new Set(pipeline.items.filter(proofOf).map((item) => item.id)),
  };
  const wrong = unmet(full, pipeline.items);
  if (wrong.length > 0) throw new Error(`The full facts of ${pipeline.key} miss ${wrong.join()}.`);

  /** Values that a field of a condition may take, empty among them. */
  const candidates = (field: FieldModel): unknown[] => {
    const list = field.type.listOf && catalog.lists.get(field.type.listOf(field));
    return [full.fields[field.key] ?? null, null, ...(list?.values.map((value) => value.key) ?? [])];
  };

  function lacks(item: ItemModel): Lack[] {
    const lack = (facts: Facts, without: string): Lack => ({ item, facts, without });
    if (proofOf(item)) {
      const proofs = new Set([...full.proofs].filter((id) => id !== item.id));
      return [lack({ ...full, proofs }, 'its proof')];
    }
    const fields = fieldsOf(item);
    const each = fields
      .map((field) => lack({ ...full, fields: { ...full.fields, [field.key]: null } }, field.key))
      .filter(({ facts }) => unmet(facts, [item]).length > 0);
    if (each.length > 0) return each;
    let states: Values[] = [{}];
    for (const field of fields)
      states = states.flatMap((state) =>
        candidates(field).map((value) => ({ ...state, [field.key]: value })),
      );
    const found = states
      .map((state) => ({ ...full, fields: { ...full.fields, ...state } }))
      .filter((facts) => unmet(facts, [item]).length > 0)
      .sort((a, b) => unmet(a, pipeline.items).length - unmet(b, pipeline.items).length)[0];
    if (!found) throw new Error(`Nothing makes ${item.id} fail.`);
    return [lack(found, fields.map(({ key }) => key).join(' and '))];
  }

  const sent: FactsOf['sent'] = (fix) => ({
    ...(Array.isArray(fix.set)
      ? { set: Object.fromEntries((fix.set as string[]).map((key) => [key, full.fields[key] ?? null])) }
      : {}),
    ...(fix.activity ? { activity: filled(serving('activity'), fix.activity) } : {}),
    ...(fix.task ? { task: filled(serving('task'), fix.task) } : {}),
    ...(fix.file ? { file: document(fix.file) } : {}),
  });
  return { object, pipeline, full, proofOf, unmet, lacks, sent, sample };
}

/** Open stages of a pipeline, in their order. */
export const openStages = (pipeline: PipelineModel): StageModel[] =>
  pipeline.stages.filter((stage) => stage.open);

/**
 * The items that a record in a stage must meet: those of the open stages up to it. Lost or dropped, those up to
 * the stage it was lost from, and what leaving that one asks.
 */
export function itemsAt(pipeline: PipelineModel, stage: StageModel, from?: StageModel): ItemModel[] {
  const open = openStages(pipeline);
  const lost = stage.outcome === 'lost' || stage.outcome === 'dropped';
  const last = stage.open ? stage : lost ? (from ?? open[0]!) : open.at(-1)!;
  const reached = open.indexOf(last);
  return pipeline.items.filter((item) => {
    if (item.definition.mode === 'advise') return false;
    if (item.stage === stage.key && !stage.open) return true;
    const at = open.findIndex((one) => one.key === item.stage);
    if (at < 0) return false;
    return at < reached || (at === reached && (item.moment === 'enter' || !stage.open));
  });
}
