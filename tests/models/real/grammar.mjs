// SPDX-License-Identifier: Apache-2.0
// A JSON Schema as a grammar that leaves a model no other words.  The engine's
// own takes 1e-19 for an integer and knows no error, so this is another: the
// schemas that tools have, every property in its order, no spaces, and a
// refusal of what it does not know.

const ANY = `
value ::= string | number | object | array | "true" | "false" | "null"
object ::= "{" ( string ":" value ( "," string ":" value ){0,4} )? "}"
array ::= "[" ( value ( "," value ){0,4} )? "]"
string ::= "\\"" char{0,60} "\\""
char ::= [^"\\\\\\x00-\\x1f\\x7f] | "\\\\" ["\\\\/bfnrt]
integer ::= "-"? ( "0" | [1-9] [0-9]{0,14} )
number ::= integer ( "." [0-9]{1,6} )?
`;
const STRING_MAX = 60;
const ITEMS_MAX = 4;

function literal(value) {
	return JSON.stringify(JSON.stringify(value));
}

function string(schema) {
	const least = schema.minLength ?? 0;
	const most = Math.max(least, Math.min(schema.maxLength ?? STRING_MAX, STRING_MAX));
	return `"\\"" char{${least},${most}} "\\""`;
}

function object(schema) {
	const members = Object.entries(schema.properties ?? {}).map(
		([name, s]) => `${literal(name)} ":" ${rule(s)}`);
	return `"{" ${members.join(' "," ')} "}"`;
}

function array(schema) {
	const least = schema.minItems ?? 0;
	const most = Math.max(least, schema.maxItems ?? ITEMS_MAX);
	if (most === 0)
		return '"[" "]"';
	const item = rule(schema.items ?? {});
	const all = `${item} ( "," ${item} ){${Math.max(0, least - 1)},${most - 1}}`;
	return least > 0 ? `"[" ${all} "]"` : `"[" ( ${all} )? "]"`;
}

const KINDS = {
	string, object, array,
	integer: () => 'integer',
	number: () => 'number',
	boolean: () => '( "true" | "false" )',
	null: () => '"null"',
};

function either(rules) {
	return `( ${rules.join(' | ')} )`;
}

function rule(schema) {
	if (schema === null || typeof schema !== 'object' || Array.isArray(schema))
		throw new Error(`${JSON.stringify(schema)} is no schema`);
	const choice = schema.oneOf ?? schema.anyOf;
	if (choice)
		return either(choice.map(rule));
	if ('const' in schema)
		return literal(schema.const);
	if (schema.enum)
		return either(schema.enum.map(literal));
	if (Array.isArray(schema.type))
		return either(schema.type.map((type) => rule({ ...schema, type })));
	if (schema.type === undefined)
		return schema.properties ? object(schema) : 'value';
	if (!KINDS[schema.type])
		throw new Error(`the type ${JSON.stringify(schema.type)} is none`);
	return KINDS[schema.type](schema);
}

// `schema` may be "json": any object.
export function grammarOf(schema) {
	return `root ::= ${schema === 'json' ? 'object' : rule(schema)}\n${ANY}`;
}
