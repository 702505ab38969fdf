/** The version of this program: CLI, daemon, managers and agents tell each other. */
import manifest from '../../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
