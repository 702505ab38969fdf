/** The time of now as text, without `Date`: the first use of that loads time zones, which small processes feel. */

const DAY_MS = 86_400_000
/** Of the Gregorian calendar's cycle of 400 years. */
const CYCLE_DAYS = 146_097

/** RFC 3339, UTC, with milliseconds, as `Date.prototype.toISOString`. @param ms since 1970, not before */
export function isoTime(ms: number): string {
  const { year, month, day } = civil(Math.floor(ms / DAY_MS))
  const rest = ms % DAY_MS
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const time = `${two(rest / 3_600_000)}:${two((rest / 60_000) % 60)}:${two((rest / 1000) % 60)}`
  const fraction = String(Math.floor(rest % 1000)).padStart(3, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${time}.${fraction}Z`
}

/** The date of a day since 1970. Years are counted from March here, so that the day that leaps is the last. */
function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const cycle = Math.floor(shifted / CYCLE_DAYS)
  const ofCycle = shifted - cycle * CYCLE_DAYS
  const leaps = Math.floor(ofCycle / 1460) - Math.floor(ofCycle / 36_524) + Math.floor(ofCycle / 146_096)
  const yearOfCycle = Math.floor((ofCycle - leaps) / 365)
  const ofYear = ofCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100))
  const march = Math.floor((5 * ofYear + 2) / 153)
  const month = march < 10 ? march + 3 : march - 9
  const year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: ofYear - Math.floor((153 * march + 2) / 5) + 1 }
}
