/** What a reader of HTTP/1 makes of bytes. Texts are latin1. */

export interface Message {
  /** `METHOD target` of a request, the status of an answer. */
  start: string
  /** `name: value`, names in lower case, values without blanks around them. */
  fields: string[]
  body: string
}

export interface Reading {
  /** Those that are whole. */
  messages: Message[]
  /**
   * Why it read no further: `end` of the bytes between two messages, more bytes of a `head` or a `body` are wanted, `refused`, or `last`:
   * what follows belongs to no message (the connection closes, or speaks something else).
   */
  over: 'end' | 'head' | 'body' | 'refused' | 'last'
  /** The last message is whatever comes until the connection closes. */
  untilClose: boolean
  /** Of what was refused. */
  why: string
}

/** `request`s, or answers to requests of a method. */
export type What = 'request' | 'answer'
