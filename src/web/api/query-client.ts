/** The cache of what the API answered, and what happens to an answer that nobody handles. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { problemOf } from './request.ts';

export type Unanswered = { signedOut(): void };

export function makeQueryClient(handlers: Unanswered): QueryClient {
  const onError = (error: unknown) => {
    if (problemOf(error).status === 401) handlers.signedOut();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        gcTime: 5 * 60_000,
        retry: (failures, error) => {
          const { status } = problemOf(error);
          return (status === 0 || status >= 500) && failures < 2;
        },
      },
      mutations: { retry: false },
    },
  });
}
