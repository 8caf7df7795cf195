/**
 * XML of strangers as a stream of events: no document type, so that no entity can grow or fetch anything; no
 * depth and no piece beyond measure; characters that XML forbids are left out, as some programs write them.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { broken, harmful } from './refusals.ts';

export type XmlHandler = {
  /** Names without their namespace prefix. */
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  /** Text in pieces, as it comes. */
  text?(text: string): void;
  close?(name: string): void;
};

const deepest = 100;
/** Characters between two events: one tag with its attributes, or one text. */
const longestPiece = 4 * 1024 * 1024;
const longestName = 1_000;
const mostAttributes = 1_000;
/** Errors of the parser that are forgiven, each of which it makes anew. */
const mostForgiven = 10_000;
/** Characters that are parsed before the caller may hand on what it got, and before a failure counts. */
const atOnce = 2_048;

// eslint-disable-next-line no-control-regex
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
/** The same, written as a number. */
const forbiddenNumber = /&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));/gi;
/** What the parser would make an error of and every spreadsheet program reads. */
const forgiven = /disallowed character|invalid character|character entity|outside of root/i;

/**
 * Yields after each small piece that was parsed, so that the caller can hand on what it got; with how many bytes were
 * read since.
 */
export async function* readXml(source: Readable, handler: XmlHandler): AsyncGenerator<number> {
  const parser = new SaxesParser();
  let depth = 0;
  let since = 0;
  let attributesHere = 0;
  let forgave = 0;
  const failure: { error?: Error } = {};
  const fail = (error: Error): void => void (failure.error ??= error);
  parser.on('doctype', () => fail(harmful()));
  parser.on('error', (error) => {
    if (!forgiven.test(error.message)) fail(broken(error));
    else if (++forgave > mostForgiven) fail(harmful());
  });
  parser.on('opentagstart', ({ name }) => {
    attributesHere = 0;
    if (name.length > longestName) fail(harmful());
  });
  parser.on('attribute', () => {
    if (++attributesHere > mostAttributes) fail(harmful());
  });
  parser.on('opentag', ({ name, attributes }) => {
    since = 0;
    if (++depth > deepest) fail(harmful());
    if (!failure.error) handler.open?.(local(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    since = 0;
    depth -= 1;
    if (!failure.error) handler.close?.(local(name));
  });
  const onText = (text: string): void => {
    since = 0;
    if (!failure.error) handler.text?.(text);
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  let decoder: StringDecoder | undefined;
  let held = '';
  const feed = (text: string): void => {
    since += text.length;
    parser.write(text);
    if (since > longestPiece) fail(harmful());
    if (failure.error) throw failure.error;
  };
  for await (const chunk of source as AsyncIterable<Buffer>) {
    decoder ??= decoderOf(chunk);
    const whole = held + decoder.write(chunk);
    // A character reference must not be cut in two.
    const cut = /&[^;&<]{0,10}$/.exec(whole.slice(-12)) ? whole.lastIndexOf('&') : whole.length;
    held = whole.slice(cut);
    const clean = whole.slice(0, cut).replace(forbidden, '').replace(forbiddenNumber, '');
    for (let at = 0; at < clean.length; at += atOnce) {
      feed(clean.slice(at, at + atOnce));
      yield 0;
    }
    yield chunk.length;
  }
  const rest = held;
  held = '';
  feed(rest.replace(forbidden, '').replace(forbiddenNumber, ''));
  parser.close();
  if (failure.error) throw failure.error;
  if (depth > 0) throw broken(new Error('the XML ends in the middle'));
}

/** Reads a small part to its end. */
export async function readWholeXml(source: Readable, handler: XmlHandler): Promise<void> {
  for await (const _ of readXml(source, handler));
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

const decoderOf = (first: Buffer): StringDecoder =>
  new StringDecoder(first[0] === 0xff && first[1] === 0xfe ? 'utf16le' : 'utf8');
