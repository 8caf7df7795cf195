/** Known weaknesses of what we ship. Not every registry answers this; then it is said, not passed over. */
import { runTool } from './run-tool.ts';

export type Audit = { state: 'ok' | 'failed' | 'not available'; detail: string };

type Report = {
  metadata?: { vulnerabilities?: Record<string, number> };
  error?: unknown;
  message?: string;
};

/** Asks the registry about the production dependencies. */
export async function auditDependencies(): Promise<Audit> {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) return { state: 'not available', detail: 'run through npm to ask the registry' };
  const { output } = await runTool(npm, [
    'audit',
    '--json',
    '--omit=dev',
    '--fetch-retries=0',
    '--fetch-timeout=20000',
  ]);
  return readAudit(output);
}

/** npm writes its warnings before the JSON. */
export function readAudit(output: string): Audit {
  const report = parsed(/^\{[\s\S]*^\}/m.exec(output)?.[0] ?? '');
  const counts = report?.metadata?.vulnerabilities;
  if (counts === undefined) {
    return { state: 'not available', detail: 'this registry does not answer audits' };
  }
  const grave = (counts['high'] ?? 0) + (counts['critical'] ?? 0);
  if (grave > 0) return { state: 'failed', detail: `${grave} grave weaknesses: run “npm audit --omit=dev”.` };
  return { state: 'ok', detail: `${counts['total'] ?? 0} weaknesses, none grave` };
}

function parsed(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}
