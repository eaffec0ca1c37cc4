package live

// Follow is the Datastar expression that opens the stream of a page, from
// GET /updates, and opens it again whenever it ends, at most five seconds later.
// The element that has it names the page, path and query, in data-page, and lies
// outside of what the page's fragments replace. The stream ends when the element is
// taken away, so a page that becomes another one replaces it by a copy with another
// data-page:
//
//	<div data-page="/greetings/Ada?loud=1" data-init="…Follow…"></div>
//
// Nothing of the page's goes into the expression itself, and no signals are sent.
// What Datastar does by default is not enough: it takes a stream that a server ended
// in peace for the end of the matter.
const Follow = "@get('/updates?page=' + encodeURIComponent(el.dataset.page), " +
	"{retry: 'always', retryMaxCount: Infinity, retryMaxWait: 5000, requestCancellation: 'cleanup', filterSignals: {include: /^$/}})"
