package emit

import "testing"

func TestParamName(t *testing.T) {
	for goName, want := range map[string]string{
		"List": "list", "ListName": "listName", "AIExpander": "aiExpander", "HTTPURL": "httpurl", "AIV2": "aiv2",
		"APIKeys": "apiKeys", "Type": "typeHandler", "String": "stringHandler", "Engine": "engineHandler", "Cmd": "cmdHandler",
		"X": "x", "ÜberZahl": "überZahl",
	} {
		if got := paramName(goName); got != want {
			t.Errorf("paramName(%q) = %q, want %q", goName, got, want)
		}
	}
}

// TestSQLCNames writes columns as sqlc does with our initialisms.
func TestSQLCNames(t *testing.T) {
	for name, want := range map[string]string{
		"user_id": "UserID", "shop_http_api": "ShopHTTPAPI", "ids": "Ids", "a__b": "AB",
	} {
		if got := sqlcName(name); got != want {
			t.Errorf("sqlcName(%q) = %q, want %q", name, got, want)
		}
	}
}
