import { Environment, serialize } from '@marcbachmann/cel-js'
const e=new Environment().registerVariable('s','string')
const p=e.parse('s.matches("😀") && has(s.x) && [1].exists(a, a == 1) && s["q"]')
console.log(serialize(p.ast)); 
console.log(JSON.stringify(p.ast,(k,v)=>['input','meta'].includes(k)?undefined:v,1).slice(0,3000))
console.log(Object.keys(p.ast), Object.getOwnPropertyNames(Object.getPrototypeOf(p.ast)))
for (const n of ['string.matches(string): bool']) try { new Environment().registerFunction(n,()=>true); console.log('override ok') } catch(x){console.log('no',(x as Error).message)}
