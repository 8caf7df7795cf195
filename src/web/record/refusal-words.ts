/** What a refusal says, sentence by sentence, for the place where it is shown. */
import type { Issue } from '../../core/errors/problem.ts';
import { problemOf } from '../api/request.ts';
import { messages } from '../messages/messages.ts';

/** The sentence of one finding with what would mend it. */
export const issueWords = (issue: Issue): string =>
  issue.fix?.say && issue.fix.say !== issue.message ? `${issue.message} ${issue.fix.say}` : issue.message;

/** The finding about one field, else the first, else what happened in plain words. */
export function refusalFor(error: unknown, path: string): string {
  const problem = problemOf(error);
  const own = problem.errors.find((issue) => issue.path === path) ?? problem.errors[0];
  return own ? issueWords(own) : refusalWords(error);
}

export function refusalWords(error: unknown): string {
  const problem = problemOf(error);
  if (problem.status === 0) return messages.t('errors.unreachable');
  if (problem.status >= 500) return messages.t('errors.ours');
  return problem.detail || problem.title || messages.t('errors.refused');
}
