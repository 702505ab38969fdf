// Asks each URL once and prints a line for each: `{"status", "body"}`. Usage: node get.js [-H 'name: value'] URL...
const args = process.argv.slice(2)
const headers = {}
if (args[0] === '-H') {
  const [name, value] = args[1].split(': ')
  headers[name] = value
  args.splice(0, 2)
}
for (const url of args) {
  const response = await fetch(url, { headers })
  process.stdout.write(`${JSON.stringify({ status: response.status, body: await response.json() })}\n`)
}
