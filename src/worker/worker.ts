/** The worker, a door like the others: takes jobs from the line, gives each its context, and decides nothing. */
import type { Pool } from 'pg';
import type { Catalog } from '../core/catalog/catalog.ts';
import type {
  BackupPlan,
  Context,
  FileStore,
  JobQueue,
  Log,
  Principal,
  Workspace,
} from '../core/context/context.ts';
import type { Job } from '../operations/job.ts';
import { permitted } from '../platform/auth/roles.ts';
import type { ReadReplica } from '../platform/database/read-replica.ts';
import type { JobEnd, OpenJobQueue, TakenJob } from '../platform/jobs/job-queue.ts';

const principal: Principal = {
  kind: 'system',
  id: 'worker',
  name: 'Groundwork',
  user: null,
  teams: [],
  roles: ['administrator'],
};

type WorkerDeps = {
  queue: OpenJobQueue;
  jobs: readonly Job[];
  pool: Pool;
  /** For reads that tolerate a delay. */
  replica?: ReadReplica;
  definitions: { current(): Catalog; refresh(): Promise<Catalog> };
  workspace: { current(): Workspace };
  files: FileStore;
  backups?: BackupPlan;
  log: Log;
};

/** `stop` asks the jobs under way to end at a safe point; closing the queue waits for them. */
export async function startWorker(deps: WorkerDeps): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  for (const job of deps.jobs) {
    await deps.queue.prepare(job.name);
    if (!job.plan) continue;
    const context = contextOf(deps, stopping.signal);
    const line = await job.plan(context);
    await deps.queue.plan(job.name, line === null ? null : { line, timeZone: context.workspace.timeZone });
  }
  for (const job of deps.jobs) {
    await deps.queue.work(job.name, { atOnce: job.atOnce ?? 1 }, (taken) =>
      stopping.signal.aborted
        ? Promise.resolve('again')
        : runJob(job, taken, contextOf(deps, stopping.signal)),
    );
  }
  return {
    async stop() {
      stopping.abort();
    },
  };
}

async function runJob(job: Job, taken: TakenJob, context: Context): Promise<JobEnd> {
  try {
    const input = job.input.parse(taken.input);
    return (await job.run(context, input)) ?? 'done';
  } catch (error) {
    const begun = taken.begunBefore + 1;
    context.log.error({ err: error, job: job.name, begun }, 'a job failed');
    return begun >= job.tries ? 'failed' : 'again';
  }
}

const contextOf = (deps: WorkerDeps, signal: AbortSignal): Context => {
  const catalog = deps.definitions.current();
  const jobs: JobQueue = deps.queue;
  return {
    pool: deps.pool,
    readPool: deps.replica?.at(catalog.epoch),
    catalog,
    principal,
    workspace: deps.workspace.current(),
    channel: 'worker',
    signal,
    files: deps.files,
    backups: deps.backups,
    jobs,
    log: deps.log,
    currentCatalog: () => deps.definitions.refresh(),
    may: (permission) => permitted(catalog, principal.roles, permission),
  };
};
