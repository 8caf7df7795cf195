/** Each circle once, as the way around it. */
export function circles(start: readonly string[], next: (node: string) => readonly string[]): string[][] {
  const done = new Set<string>();
  const found: string[][] = [];
  const walk = (node: string, way: readonly string[]): void => {
    const at = way.indexOf(node);
    if (at >= 0) found.push([...way.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const one of next(node)) walk(one, [...way, node]);
    done.add(node);
  };
  for (const node of start) walk(node, []);
  return found;
}
