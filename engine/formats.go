package engine

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ValidFormat says whether text has a format of JSON Schema 2020-12. An unknown
// format has no text; the generator knows the same names.
func ValidFormat(format, text string) bool {
	switch format {
	case "uuid":
		_, err := ParseUUID(text)
		return err == nil
	case "date-time":
		_, err := ParseInstant(text)
		return err == nil
	case "date":
		_, err := ParseDate(text)
		return err == nil
	case "time":
		_, err := ParseTime(text)
		return err == nil
	case "duration":
		_, err := ParseDuration(text)
		return err == nil
	case "email", "idn-email":
		return validEmail(text, format == "idn-email")
	case "hostname", "idn-hostname":
		return validHostname(text, format == "idn-hostname")
	case "ipv4":
		ip, err := netip.ParseAddr(text)
		return err == nil && ip.Is4()
	case "ipv6":
		ip, err := netip.ParseAddr(text)
		return err == nil && ip.Is6() && ip.Zone() == ""
	case "regex":
		_, err := regexp.Compile(text)
		return err == nil
	}
	return validReference(format, text)
}

// validReference is ValidFormat for formats that point somewhere.
func validReference(format, text string) bool {
	switch format {
	case "uri", "iri":
		return validURI(text, format == "iri", true)
	case "uri-reference", "iri-reference":
		return validURI(text, format == "iri-reference", false)
	case "uri-template":
		return validTemplate(text)
	case "json-pointer":
		return validPointer(text)
	case "relative-json-pointer":
		n := len(text) - len(strings.TrimLeft(text, "0123456789"))
		rest := text[n:]
		return n > 0 && (n == 1 || text[0] != '0') && (rest == "#" || validPointer(rest))
	}
	return false
}

// formatName tells a person what a format wants.
func formatName(format string) string {
	switch format {
	case "uuid":
		return "a UUID"
	case "date-time":
		return "a date and time with its offset, like 2006-01-02T15:04:05Z"
	case "date":
		return "a date, like 2006-01-02"
	case "time":
		return "a time with its offset, like 15:04:05Z"
	case "duration":
		return "a duration, like PT36H"
	case "email", "idn-email":
		return "an email address"
	case "hostname", "idn-hostname":
		return "the name of a host"
	case "ipv4":
		return "an IPv4 address"
	case "ipv6":
		return "an IPv6 address"
	case "uri", "iri":
		return "a complete web address (URI)"
	case "uri-reference", "iri-reference":
		return "a web address (URI)"
	case "uri-template":
		return "a template of a web address"
	case "regex":
		return "a regular expression"
	}
	return "a " + strings.ReplaceAll(format, "-", " ")
}

// validEmail is RFC 5321's Mailbox. net/mail reads the wider RFC 5322, so its
// names, comments and spaces are ruled out by comparing.
func validEmail(text string, international bool) bool {
	if !international && !ascii(text) {
		return false
	}
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return false
	}
	local, domain := text[:at], text[at+1:]
	if strings.HasPrefix(domain, "[") && strings.HasSuffix(domain, "]") {
		return validMailLiteral(domain[1:len(domain)-1]) && validLocal(local)
	}
	return validHostname(domain, international) && !strings.HasSuffix(domain, ".") && validLocal(local)
}

func validMailLiteral(text string) bool {
	if six, ok := strings.CutPrefix(text, "IPv6:"); ok {
		return ValidFormat("ipv6", six)
	}
	return ValidFormat("ipv4", text)
}

func validLocal(local string) bool {
	if len(local) > 64 {
		return false
	}
	address, err := mail.ParseAddress(local + "@example.org")
	if err != nil || address.Name != "" {
		return false
	}
	return strings.HasPrefix(local, `"`) || !strings.ContainsAny(local, " \t\r\n()<>")
}

// validHostname is RFC 1123; international ones may hold letters of any script.
func validHostname(text string, international bool) bool {
	if text == "" || len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if !validLabel(label, international) {
			return false
		}
	}
	return true
}

func validLabel(label string, international bool) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	if len(label) > 3 && label[2:4] == "--" && !strings.EqualFold(label[:2], "xn") {
		return false
	}
	for _, r := range label {
		letter := r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (!international || r < utf8.RuneSelf) {
			return false
		}
	}
	return true
}

// uriBytes are the ASCII bytes that RFC 3986 allows in a URI, beside letters and
// digits.
const uriBytes = "-._~:/?#[]@!$&'()*+,;=%"

func validURI(text string, international, absolute bool) bool {
	for i := range len(text) {
		c := text[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && strings.IndexByte(uriBytes, c) < 0 && (!international || c < utf8.RuneSelf) {
			return false
		}
		if c == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2])) {
			return false
		}
	}
	text = futureHost.ReplaceAllString(text, "${1}future")
	u, err := url.Parse(text)
	if err != nil || absolute && !u.IsAbs() || strings.Count(text, "#") > 1 {
		return false
	}
	if u.User != nil && strings.Count(authority(text), "@") > 1 {
		return false
	}
	return bracketsInHostOnly(text, u.Host)
}

// futureHost is RFC 3986's IPvFuture, which net/url does not know.
var futureHost = regexp.MustCompile(`(//|@)\[[vV][0-9A-Fa-f]+\.[-._~!$&'()*+,;=:A-Za-z0-9]+\]`)

func authority(text string) string {
	_, rest, _ := strings.Cut(text, "//")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end]
	}
	return rest
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func bracketsInHostOnly(text, host string) bool {
	return strings.Count(text, "[") == strings.Count(host, "[") && strings.Count(text, "]") == strings.Count(host, "]")
}

func validPointer(text string) bool {
	if text == "" {
		return true
	}
	if text[0] != '/' {
		return false
	}
	for i := range len(text) {
		if text[i] == '~' && (i+1 == len(text) || text[i+1] != '0' && text[i+1] != '1') {
			return false
		}
	}
	return true
}

// validTemplate is RFC 6570: literals and balanced, non-empty expressions.
func validTemplate(text string) bool {
	for text != "" {
		open := strings.IndexAny(text, "{}")
		if open < 0 {
			return !strings.ContainsAny(text, notLiteral)
		}
		end := strings.IndexByte(text, '}')
		if text[open] == '}' || end < open || !templateExpression.MatchString(text[open+1:end]) || strings.ContainsAny(text[:open], notLiteral) {
			return false
		}
		text = text[end+1:]
	}
	return true
}

// notLiteral are characters that stand in a template only when escaped.
const notLiteral = " \"<>\\^`|\x7f"

var templateExpression = regexp.MustCompile(strings.ReplaceAll(`^[+#./;?&=,!@|]?VAR(,VAR)*$`, "VAR",
	`([A-Za-z0-9_%]+(\.[A-Za-z0-9_%]+)*(\*|:[1-9][0-9]{0,3})?)`))

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
