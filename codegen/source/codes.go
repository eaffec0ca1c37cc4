package source

// The codes of faults that are found before a schema's meaning matters.
const (
	CodeUnreadable = "BS1001"
	CodeNotJSON    = "BS1002"
	CodeEncoding   = "BS1003"
	CodeSyntax     = "BS1004"
	CodeDuplicate  = "BS1005"
	CodeTooDeep    = "BS1006"
	CodeTooLarge   = "BS1007"
	CodeNumber     = "BS1008"
)

// Codes explains the codes of this package.
func Codes() []Code {
	return []Code{
		{CodeUnreadable, "unreadable", "A file or folder below schemas could not be read from the disk.", "Give it ordinary permissions, or take it out of the folder."},
		{CodeNotJSON, "not a .json file", "Schemas are JSON. A YAML or JSON5 file would be passed over in silence, so it is refused.", "Convert it to JSON and let its name end in .json."},
		{CodeEncoding, "not UTF-8", "JSON is UTF-8 by its standard; other encodings garble names and texts.", "Save the file as UTF-8."},
		{CodeSyntax, "not valid JSON", "The file breaks the grammar of JSON. Comments, trailing commas and single quotes are not part of it.", "Correct the place shown; everything after it is read only then."},
		{CodeDuplicate, "duplicate key", "Of two equal keys of one object most readers keep the last and drop the first without a word.", "Delete or rename one of them."},
		{CodeTooDeep, "nested too deeply", "More than 64 levels of nesting are never a schema that people can read.", "Move inner schemas to $defs and refer to them with $ref."},
		{CodeTooLarge, "too large", "A file may have 1 MiB, an array 5000 elements.", "Split the schema, or model the values as data instead."},
		{CodeNumber, "number out of range", "A number must fit a 64-bit floating point number, as in nearly every reader of JSON.", "Write a smaller number, or one with fewer digits."},
	}
}
