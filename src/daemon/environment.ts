/** The app's environment, as far as a laptop's program may have it. */

/** Variables that make loaders and interpreters run code of the cluster's choosing. */
const DANGEROUS = [
  /^LD_/,
  /^DYLD_/,
  /^NODE_OPTIONS$/,
  /^NODE_PATH$/,
  /^NODE_EXTRA_CA_CERTS$/,
  /^NODE_V8_COVERAGE$/,
  /^PYTHON/,
  /^PERL5?(LIB|OPT|DB)/,
  /^RUBY(LIB|OPT)$/,
  /^(BUNDLE|GEM)_/,
  /^(JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|JAVA_OPTS|CLASSPATH|JAVA_HOME)$/,
  /^(BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|IFS|CDPATH|BASH_FUNC_.*)$/,
  /^(DOTNET|CORECLR|COR)_/,
  /^PHP(RC|_INI_SCAN_DIR)$/,
  /^(GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|GLIBC_TUNABLES|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|GETCONF_DIR|TZDIR)$/,
  /^(EDITOR|VISUAL|PAGER|GIT_.*|BROWSER)$/,
  /^(OPENSSL_(CONF|ENGINES|MODULES)|SSLKEYLOGFILE)$/,
  /^(ELECTRON_RUN_AS_NODE|DENO_.*|BUN_.*|npm_config_.*|NPM_CONFIG_.*)$/,
  /^REMOCAL_/,
]
/** What belongs to the laptop and its user, whatever the pod says. */
const LAPTOPS =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|COLORTERM|LANG|LANGUAGE|LC_.*|PWD|OLDPWD|SHLVL|_|TMPDIR|TMP|TEMP|DISPLAY|WAYLAND_DISPLAY|XDG_.*|SSH_.*|DBUS_.*|MAIL|HOSTNAME)$/

/**
 * @param env the app's own
 * @returns what is added to the program's, and the names of what was left out because it could run code
 */
export function laptopEnvironment(env: Record<string, string>): { env: Record<string, string>; dropped: string[] } {
  const taken: Record<string, string> = {}
  const dropped: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || name.includes('=') || name.includes('\0') || value.includes('\0') || LAPTOPS.test(name)) continue
    if (DANGEROUS.some((pattern) => pattern.test(name))) dropped.push(name)
    else taken[name] = value
  }
  return { env: taken, dropped }
}
