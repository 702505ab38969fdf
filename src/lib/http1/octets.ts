/** Which octets may stand where in a message (RFC 9110 §5.5, §5.6.2; RFC 9112 §3.2). */

export const HTAB = 9
export const LF = 10
export const CR = 13
export const SP = 32
export const DQUOTE = 34
export const COLON = 58
export const SEMICOLON = 59
export const EQUALS = 61

/** Of tokens: the octet with letters in lower case; 0 for all that no token has. */
export const TOKEN = new Uint8Array(256)
for (const one of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") TOKEN[one.charCodeAt(0)] = one.charCodeAt(0)
for (let code = 65; code <= 90; code++) TOKEN[code] = code + 32

/** Of field values: blanks, visible characters and obs-text are 1. */
export const VALUE = new Uint8Array(256).fill(1, SP)
VALUE[HTAB] = 1
VALUE[127] = 0

/**
 * Of hosts, 1: all of a value but blanks and slashes. RFC 9112 §3.2 allows fewer, but nginx, haproxy and Node take the others, and programs send them; what is
 * left out here nginx, Go and Tomcat refuse.
 */
export const HOST = VALUE.slice()
HOST[SP] = 0
HOST[HTAB] = 0
HOST[47] = 0

/** Of request targets: visible characters, and octets above ASCII because programs send them, are 1. */
export const TARGET = new Uint8Array(256).fill(1, 33)
TARGET[127] = 0

/** Value of a hexadecimal digit, 255 for all others. */
export const HEX = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  const [lower = '', upper = ''] = [digit.toString(16), digit.toString(16).toUpperCase()]
  HEX[lower.charCodeAt(0)] = digit
  HEX[upper.charCodeAt(0)] = digit
}
