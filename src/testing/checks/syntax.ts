/** Reading our own source as a tree: imports, and a walk over the nodes. The parser is the web build's. */
import { posix } from 'node:path';
import { parseSync } from 'vite';

export type Node = { type: string; start: number; end: number; [part: string]: unknown };

export type Import = { from: string; typeOnly: boolean; line: number };

export type Source = { path: string; text: string; program: Node; imports: readonly Import[] };

/** Parses a file. Throws where it is no TypeScript: the types check says more. */
export function parseSource(path: string, text: string): Source {
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]!.message}`);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const imports: Import[] = [];
  const add = (from: string, typeOnly: boolean, at: number): void => {
    imports.push({ from: resolved(path, from), typeOnly, line: lineAt(text, at) });
  };
  for (const { moduleRequest, entries, start } of staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType), start);
  }
  for (const { entries, start } of staticExports) {
    const request = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request)
      add(
        request.value,
        entries.every((entry) => entry.isType),
        start,
      );
  }
  for (const { moduleRequest, start } of dynamicImports) {
    const written = text.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^(['"`])([^$]*)\1$/.exec(written);
    if (literal) add(literal[2]!, false, start);
  }
  return { path, text, program: parsed.program as unknown as Node, imports };
}

/** A path of the checkout for what is ours, else the name of the package as it stands. */
const resolved = (path: string, from: string): string =>
  from.startsWith('.') ? posix.join(posix.dirname(path), from) : from;

export const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;

/** Calls `visit` with every node below `node`, itself first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const part of Object.values(node)) {
    for (const child of Array.isArray(part) ? part : [part]) {
      if (typeof child === 'object' && child !== null && 'type' in child) walk(child as Node, visit);
    }
  }
}
