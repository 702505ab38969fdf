/** The version of this program: CLI, daemon, managers and agents tell each other. */
import manifest from '../../package.json' with { type: 'json' }

/** Where releases put the image. */
export const imageOf = (version: string): string => `ghcr.io/remocal/remocal:${version}`

export const VERSION: string = manifest.version
