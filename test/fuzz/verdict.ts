/** How one input was judged. `same`: read by both; `both`: refused by both; `stricter`, `looser`: only we refused, or only the oracle did; `short`: both want more. */
export type Verdict =
  | { kind: 'same' | 'both' | 'stricter' | 'looser' | 'short'; why: string }
  | { kind: 'wrong'; why: string }
