// Package catalog writes the Markdown pages in which people browse a system: an
// index, and a page for each context, actor, command, event, projection and
// reactor.
//
// It owns what a page says, how it is worded and how pages link to each other.
// It does not draw (package graph does) and does not decide where pages are
// stored; packages plan and cli may import it. It reads no disk.
//
// Invariant: the same system gives the same bytes; every relative link leads to
// a page that is made too, every fragment to a heading; no text of a schema
// becomes markup; no personal value of an example is shown.
package catalog
