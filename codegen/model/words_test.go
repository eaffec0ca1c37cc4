package model

import "testing"

func TestLabel(t *testing.T) {
	for _, c := range []struct{ name, label, phrase string }{
		{"add_item", "Add item", "add item"},
		{"ai_expander", "AI expander", "AI expander"},
		{"user_id", "User ID", "user ID"},
		{"item_ids", "Item IDs", "item IDs"},
		{"link_urls", "Link URLs", "link URLs"},
		{"api", "API", "API"},
		{"call_http_api", "Call HTTP API", "call HTTP API"},
		{"html_json_sql_uuid", "HTML JSON SQL UUID", "HTML JSON SQL UUID"},
		{"https_uri_of_ip", "HTTPS URI of IP", "HTTPS URI of IP"},
		{"idle", "Idle", "idle"},
		{"https", "HTTPS", "HTTPS"},
		{"größe", "Größe", "größe"},
		{"überzahl", "Überzahl", "überzahl"},
		{"日本", "日本", "日本"},
		{"", "", ""},
	} {
		if got := Label(c.name); got != c.label {
			t.Errorf("Label(%q) = %q, want %q", c.name, got, c.label)
		}
		if got := Phrase(c.name); got != c.phrase {
			t.Errorf("Phrase(%q) = %q, want %q", c.name, got, c.phrase)
		}
	}
}
