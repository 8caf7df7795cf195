/** Callers that all do the same, round by round, until they are stopped or one of them fails. */
export type Callers = {
  /** @throws what a caller met on the way */
  check(): void;
  /** Waits for the rounds in hand. @throws as above */
  stop(): Promise<void>;
};

export function startCallers(count: number, round: (caller: number, n: number) => Promise<void>): Callers {
  let going = true;
  let failure: Error | undefined;
  const loops = Array.from({ length: count }, async (_, caller) => {
    for (let n = 0; going && !failure; n++)
      await round(caller, n).catch((error: Error) => (failure ??= error));
  });
  const check = (): void => {
    if (failure) throw failure;
  };
  return {
    check,
    async stop() {
      going = false;
      await Promise.all(loops);
      check();
    },
  };
}
