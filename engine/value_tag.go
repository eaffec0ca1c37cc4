package engine

// Tag writes a tag as the log indexes it.
func Tag(name, value string) string { return name + ":" + value }

// TagAll tags each value of a list.
func TagAll[T any](tags []string, name string, values []T, text func(T) string) []string {
	for _, value := range values {
		tags = append(tags, Tag(name, text(value)))
	}
	return tags
}

// TagOpt tags the value of an optional property, if there is one.
func TagOpt[T any](tags []string, name string, value Opt[T], text func(T) string) []string {
	if v, ok := value.Get(); ok {
		tags = append(tags, Tag(name, text(v)))
	}
	return tags
}

// UnknownVersion is the error for an event stored with a version that no schema
// describes.
func UnknownVersion(typ string, version int) error {
	return &UnknownEventError{Type: typ, Version: version}
}
