package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/gorilla/securecookie"

	"github.com/backstory-go/backstory/engine"
)

// The app's cookies.
const (
	sessionCookie = "session" // signed: who
	returnCookie  = "return"  // where to go after the login
	checkedCookie = "checked" // the page that is shown as the answer to a plain form
)

// sessionAge is how long a login lasts.
const sessionAge = 30 * 24 * time.Hour

// maxReturn is the longest address that a login leads back to, in bytes: browsers
// drop long cookies.
const maxReturn = 1000

// maxUser is the longest user name, in code points.
const maxUser = 40

// sessions signs and reads session cookies.
type sessions struct{ codec *securecookie.SecureCookie }

func newSessions(secret []byte) sessions {
	key := sha256.Sum256(append([]byte("backstory session "), secret...))
	return sessions{securecookie.New(key[:], nil).MaxAge(int(sessionAge.Seconds()))}
}

// user reads who sent the request; "" when nobody is signed in.
func (s sessions) user(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	var user string
	if s.codec.Decode(sessionCookie, cookie.Value, &user) != nil {
		return ""
	}
	return user
}

// visit is what is known of a request beside its address.
type visit struct {
	user  string
	admin bool      // whoever looks is an administrator, where it is not said who that is
	seed  uuid.UUID // the ids of the commands in the page's forms follow from it
	form  formState // of a plain form that comes back with errors

	system *engine.System // whose commands the page's forms send
}

type visitKey struct{}

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

func withVisit(r *http.Request, v visit) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// known lets signed-in requests through and answers others 401.
func (s *Server) known(next http.Handler) http.Handler {
	return s.admit(next, func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusUnauthorized, "Please sign in.")
	})
}

// signedIn lets signed-in requests through and sends others to the login.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return s.admit(next, func(w http.ResponseWriter, r *http.Request) {
		dest, target := r.Header.Get("Sec-Fetch-Dest"), r.URL.RequestURI()
		if (dest == "" || dest == "document") && len(target) <= maxReturn { // not an icon that the browser looks for
			http.SetCookie(w, cookie(r, returnCookie, target, 10*time.Minute))
		}
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
}

func (s *Server) admit(next http.Handler, refuse http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := s.sessions.user(r)
		if user == "" {
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, withVisit(r, visit{user: user, admin: s.cfg.Admin != nil && s.cfg.Admin(user), seed: uuid.New(), system: s.cfg.System}))
	})
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) {
	if s.sessions.user(r) != "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, view{Title: "Sign in", Body: loginPage("", "", onward(r))})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, readError(err))
		return
	}
	user := strings.TrimSpace(r.PostForm.Get("username"))
	if message := userFault(user); message != "" {
		s.render(w, r, http.StatusUnprocessableEntity, view{Title: "Sign in", Body: loginPage(user, message, onward(r))})
		return
	}
	value, err := s.sessions.codec.Encode(sessionCookie, user)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	target := returnPath(r)
	if target != "/" {
		http.SetCookie(w, cookie(r, returnCookie, "", -time.Second))
	}
	http.SetCookie(w, cookie(r, sessionCookie, value, sessionAge))
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// returnPath is where a login leads: to the page that was asked for without one.
func returnPath(r *http.Request) string {
	if c, err := r.Cookie(returnCookie); err == nil {
		return localPath(c.Value)
	}
	return "/"
}

// onward says whether a login leads on to another page than the home page.
func onward(r *http.Request) bool { return returnPath(r) != "/" }

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, cookie(r, sessionCookie, "", -time.Second))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// userFault says what is wrong with a user name; "": nothing.
func userFault(user string) string {
	switch n := utf8.RuneCountInString(user); {
	case !utf8.ValidString(user) || strings.ContainsFunc(user, unicode.IsControl):
		return "Please use letters, digits and signs only."
	case n == 0:
		return "Please enter a name."
	case n > maxUser:
		return "Please use " + strconv.Itoa(maxUser) + " characters or fewer."
	}
	return ""
}

// cookie is readable by this server alone, and only on requests from its own pages.
func cookie(r *http.Request, name, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// localPath is the path if it leads to a page of ours, else the home page.
func localPath(target string) string {
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}
