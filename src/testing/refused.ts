/** For tests: what a refused call answered. */
import { isProblem, type ProblemBody } from '../core/errors/problem.ts';

/** The problem that the call was refused with; throws when it was not refused, or failed otherwise. */
export async function refused(work: Promise<unknown>): Promise<ProblemBody> {
  let answer: unknown;
  try {
    answer = await work;
  } catch (error) {
    if (isProblem(error)) return error.body;
    throw error;
  }
  throw new Error(`This was to be refused, and answered ${JSON.stringify(answer)?.slice(0, 500)}`);
}

/** Its findings as `path code`, in their order. */
export const findings = (problem: ProblemBody): string[] =>
  problem.errors.map(({ path, code }) => `${path} ${code}`);
