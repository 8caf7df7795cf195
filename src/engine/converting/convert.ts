/**
 * A conversion, such as a lead that becomes an account, a contact and a deal: one write, one batch, all or nothing.
 * The record moves to its converted stage under that stage's checkpoint; what was done on it is linked to the new
 * records as well. Undo of the batch takes all of it back.
 */
import type { Context } from '../../core/context/context.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { isProblem, invalid, issue, type Issue } from '../../core/errors/problem.ts';
import { ident, join, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { noteDone } from '../batches/batches.ts';
import { get } from '../read/get.ts';
import { storedAnswer } from '../write/idempotency.ts';
import type { Advance, Change, Values } from '../write/change.ts';
import { mostChanges, write, writeAnswering } from '../write/write.ts';
import { planConversion, refuseOpenQuestions, type Choice, type Plan, type PlannedPart } from './plan.ts';
import { linksTo } from './values.ts';

export type ConvertInput = Omit<Advance, 'override_reason'> & {
  object: string;
  id: string;
  version?: number;
  /** By the key of the part. */
  choices: Readonly<Record<string, Choice>>;
  duplicates?: 'allow';
};

export type Preview = {
  /** Stage to which it moves; null where it stands there. */
  to: string | null;
  parts: PlannedPart[];
  /** What stands in the way beside what is to be chosen, as the conversion would say it. */
  missing: readonly Issue[];
};

/** What would be linked or made, why, and what is missing. Nothing is kept. */
export async function previewConversion(context: Context, input: ConvertInput): Promise<Preview> {
  const plan = await planConversion(context, input);
  const settled: Plan = {
    ...plan,
    // What is still open does not stand in the way of telling what else is missing.
    parts: plan.parts.map((part) =>
      part.action === 'choose' || part.action === 'hidden' ? { ...part, action: 'none' } : part,
    ),
  };
  const { changes } = await changesOf(context, input, settled);
  const missing = await write(context, { changes, mode: 'all', dryRun: true }).then(
    () => [],
    (error: unknown) => {
      if (!isProblem(error)) throw error;
      return error.body.errors;
    },
  );
  return { to: plan.to?.key ?? null, parts: plan.parts, missing };
}

const mostAttempts = 3;

/** The answer names the batch, the record as it now stands, and by each part's key what it became. */
export async function convert(context: Context, input: ConvertInput): Promise<unknown> {
  const stored = await storedAnswer(context, context.pool);
  if (stored) return stored.body;
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(context, input);
    } catch (error) {
      // The same request, sent twice at once: the other one has answered meanwhile.
      const answered = await storedAnswer(context, context.pool);
      if (answered) return answered.body;
      // Somebody was faster, with the record or with a client: look again at what is there now.
      const meanwhile = isProblem(error) && ['changed_meanwhile', 'already_known'].includes(error.body.code);
      if (!meanwhile || input.version !== undefined || attempt >= mostAttempts) throw error;
    }
  }
}

async function once(context: Context, input: ConvertInput): Promise<unknown> {
  const plan = await planConversion(context, input);
  refuseOpenQuestions(plan);
  const { changes, became } = await changesOf(context, input, plan);
  const batch = uuidV7();
  const { answer } = await writeAnswering(context, {
    changes,
    mode: 'all',
    batch,
    async respond(on, outcomes, current) {
      await noteDone(current, on, {
        id: batch,
        kind: 'convert',
        object: input.object,
        done: outcomes.length,
        details: { record: input.id },
      });
      return { status: 200, body: await answerOf(current, on, { batch, input, plan, became }) };
    },
  });
  return answer?.body;
}

type Became = { key: string; object: string; id: string; made: boolean };

/** The whole conversion as changes: new records, links of what was done, and the record itself. */
async function changesOf(
  context: Context,
  input: ConvertInput,
  plan: Plan,
): Promise<{ changes: Change[]; became: Became[] }> {
  const became = plan.parts.flatMap((part): Became[] => {
    const { key, object } = part;
    if (part.action === 'link') return [{ key, object, id: part.record!.id, made: false }];
    return part.action === 'create' ? [{ key, object, id: uuidV7(), made: true }] : [];
  });
  const idOf = (key: string): string | undefined => became.find((one) => one.key === key)?.id;
  const made = plan.parts
    .filter((part) => part.action === 'create')
    .map((part): Change => {
      const { links = {} } = plan.conversion.parts.find((one) => one.key === part.key)!;
      const linked = Object.entries(links).flatMap(([field, to]) => (idOf(to) ? [[field, idOf(to)]] : []));
      return {
        create: part.object,
        id: idOf(part.key),
        set: { ...Object.fromEntries(linked), ...part.values },
        at: part.key,
        allowDuplicates: input.duplicates === 'allow',
      };
    });
  const changes = [
    ...made,
    ...(await carried(context, plan, became)),
    ownChange(context, input, plan, became),
  ];
  if (changes.length > mostChanges) {
    throw invalid([
      issue(
        '',
        'too_many',
        'More than {most} records hang on this one.',
        'Archive old ones, or link them by hand.',
        {
          most: mostChanges,
        },
      ),
    ]);
  }
  return { changes, became };
}

/** The record itself: its links, when, and its move with what came along. */
function ownChange(context: Context, input: ConvertInput, plan: Plan, became: readonly Became[]): Change {
  const { object, conversion } = plan;
  const version = input.version ?? plan.version;
  const now = (context.now ?? new Date()).toISOString();
  const set: Values = {
    ...input.set,
    ...Object.fromEntries(
      became.map(({ key, id }) => [conversion.parts.find((part) => part.key === key)!.link, id]),
    ),
    ...(conversion.at ? { [conversion.at]: now } : {}),
  };
  if (!plan.to) return { update: object.key, id: input.id, set, version };
  const also = (part: 'activity' | 'task' | 'document', values: Values | string): Values => {
    const serving = context.catalog.objects.get(context.catalog.serving[part] ?? '');
    const links = serving ? linksTo(serving, became) : {};
    if (typeof values !== 'string') return { ...links, ...values };
    const file = [...(serving?.fields.values() ?? [])].find((field) => field.type.holdsFile)?.key ?? 'file';
    return { ...links, [file]: values };
  };
  return {
    advance: object.key,
    id: input.id,
    to: plan.to.key,
    through: true,
    version,
    set,
    ...(input.activity ? { activity: also('activity', input.activity) } : {}),
    ...(input.task ? { task: also('task', input.task) } : {}),
    ...(input.files ? { files: input.files.map((file) => also('document', file)) } : {}),
    reason: input.reason,
  };
}

/**
 * Links are added to what hangs on the record, never moved, and where one is filled already it is kept. Somebody
 * else's activity is linked too: that changes nobody's word.
 */
async function carried(context: Context, plan: Plan, became: readonly Became[]): Promise<Change[]> {
  const changes: Change[] = [];
  for (const key of plan.conversion.carries ?? []) {
    const object = context.catalog.objects.get(key)!;
    const links = linksTo(object, became);
    const own = [...object.fields.values()].filter(
      (field) => !field.system && field.type.linkTo?.(field) === plan.object.key,
    );
    if (Object.keys(links).length === 0) continue;
    const columns = join(Object.keys(links).map((link) => ident('t', link)));
    const hangs = join(
      own.map((field) => sql`t.${ident(field.key)} = ${plan.record['id']}::uuid`),
      ' OR ',
    );
    const found = await rows<Record<string, unknown>>(
      context.pool,
      sql`SELECT t.id, ${columns} FROM ${ident('crm', key)} t WHERE (${hangs}) AND t.archived_at IS NULL ORDER BY t.id LIMIT ${mostChanges + 1}`,
    );
    for (const row of found) {
      const values = Object.fromEntries(Object.entries(links).filter(([link]) => row[link] === null));
      if (Object.keys(values).length > 0) changes.push({ putBack: key, id: row['id'] as string, values });
    }
  }
  return changes;
}

async function answerOf(
  context: Context,
  on: Queryable,
  {
    batch,
    input,
    plan,
    became,
  }: { batch: string; input: ConvertInput; plan: Plan; became: readonly Became[] },
): Promise<Record<string, unknown>> {
  const record = await get(context, { object: input.object, id: input.id }, on).catch(unreadable(input.id));
  const parts: Record<string, unknown> = {};
  for (const { key } of plan.parts) {
    const one = became.find((each) => each.key === key);
    if (!one) {
      parts[key] = null;
      continue;
    }
    const object = context.catalog.objects.get(one.object)!;
    const read = await get(
      context,
      { object: one.object, id: one.id, fields: [...object.nameFields] },
      on,
    ).catch(unreadable(one.id));
    const name = object.nameFields
      .map((field) => read[field])
      .filter(Boolean)
      .join(' ');
    parts[key] = { object: one.object, id: one.id, name, made: one.made };
  }
  return { batch, record, ...parts };
}

/** Who may create but not read gets the id alone. */
const unreadable =
  (id: string) =>
  (error: unknown): Record<string, unknown> => {
    if (isProblem(error) && error.body.status === 404) return { id };
    throw error;
  };
