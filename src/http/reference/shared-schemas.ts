/** The parts of the API document that are the same in every workspace: problems, sign-in, headers. */
export function sharedSchemas(secureCookies: boolean) {
  return {
    schemas: {
      Problem: {
        title: 'Problem',
        description: 'RFC 9457. What stands in the way, and per finding what would turn the no into a yes.',
        type: 'object',
        required: ['status', 'code', 'title', 'detail', 'errors'],
        properties: {
          type: { type: 'string' },
          status: { type: 'integer' },
          code: { type: 'string', description: 'Stable; the sentences may change' },
          title: { type: 'string' },
          detail: { type: 'string' },
          instance: { type: 'string', description: 'Names this request in the server’s log' },
          errors: { type: 'array', items: { $ref: '#/components/schemas/Issue' } },
        },
      },
      Issue: {
        title: 'Issue',
        type: 'object',
        required: ['path', 'code', 'message', 'fix'],
        properties: {
          path: {
            type: 'string',
            description: 'Where in the input, such as email or rows.3.email; empty for the whole',
          },
          code: { type: 'string' },
          message: { type: 'string' },
          fix: {
            type: 'object',
            required: ['say'],
            properties: {
              say: { type: 'string', description: 'What to do, in a sentence' },
              set: { description: 'Fields to send' },
              activity: { type: 'object' },
              task: { type: 'object' },
              file: { type: 'object' },
              approval: { type: 'object' },
            },
          },
        },
      },
    } as Record<string, Record<string, unknown>>,
    parameters: {
      idempotencyKey: {
        name: 'Idempotency-Key',
        in: 'header',
        required: false,
        description:
          'The same key with the same body gets the same answer for 24 hours, and does nothing twice',
        schema: { type: 'string', maxLength: 255 },
      },
      ifMatch: {
        name: 'If-Match',
        in: 'header',
        required: false,
        description:
          'The version that you read; the change is refused with 412 when somebody changed the record since',
        schema: { type: 'string', examples: ['"3"'] },
      },
    } as Record<string, Record<string, unknown>>,
    responses: {
      Problem: {
        description: 'What stands in the way',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    } as Record<string, Record<string, unknown>>,
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description: 'An API key: groundwork key create --role … --name …',
      },
      session: {
        type: 'apiKey',
        in: 'cookie',
        name: `${secureCookies ? '__Secure-' : ''}groundwork.session_token`,
        description: 'The cookie that POST /api/v1/session sets',
      },
    } as Record<string, Record<string, unknown>>,
  };
}
