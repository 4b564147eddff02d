package mfaweb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/token"
)

// fault is an error as the front end sees it. Its messages say what happened and what to do.
type fault struct {
	status int
	code   string
	en, ja string

	next         cognitomfa.Step // "" means NextStep decides
	retryAfter   time.Duration   // for Retry-After, if known
	authenticate string          // more parameters of WWW-Authenticate
}

func (f *fault) Error() string { return f.code }

// say returns a fault whose next step comes from the library, or is clear from the code.
func say(status int, code, en, ja string) *fault {
	return &fault{status: status, code: code, en: en, ja: ja}
}

// Errors in the request itself. Front-end authors see these; users never do.
var (
	errPath = say(
		http.StatusNotFound, "not-found",
		"There is nothing at this address.",
		"このアドレスには何もありません。",
	)
	errHost = say(
		http.StatusMisdirectedRequest, "wrong-host",
		"This service does not accept requests for that host name.",
		"このホスト名へのリクエストは受け付けていません。",
	)
	errForeign = say(
		http.StatusForbidden, "cross-site",
		"Requests from pages of other sites are not accepted.",
		"ほかのサイトのページからのリクエストは受け付けていません。",
	)
	errMethod = say(
		http.StatusMethodNotAllowed, "method-not-allowed",
		"This address does not support that method; see the Allow header.",
		"このメソッドは使用できません。Allowヘッダーを確認してください。",
	)
	errMediaType = say(
		http.StatusUnsupportedMediaType, "unsupported-media-type",
		"The request must be JSON in UTF-8, sent with Content-Type: application/json.",
		"リクエストはUTF-8のJSONにし、Content-Type: application/jsonを付けて送ってください。",
	)
	errTooLarge = say(
		http.StatusRequestEntityTooLarge, "too-large",
		"The request is larger than 64 KiB.",
		"リクエストが64 KiBを超えています。",
	)
	errJSON = say(
		http.StatusBadRequest, "malformed-json",
		"The request is not a single, well-formed JSON object in UTF-8.",
		"リクエストは、UTF-8の正しいJSONオブジェクト1個にしてください。",
	)
	errWhoAsks = say(
		http.StatusBadRequest, "bad-field",
		"Send either an access token or, during sign-in, authParamSession and authParamUserId.",
		"アクセストークンか、サインインの途中ならauthParamSessionとauthParamUserIdの、"+
			"どちらか一方を送ってください。",
	)
	errChallengeName = say(
		http.StatusBadRequest, "bad-field",
		"ChallengeName must be SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP.",
		"ChallengeNameはSOFTWARE_TOKEN_MFA、SMS_MFA、EMAIL_OTPのいずれかにしてください。",
	)
	errMFAType = say(
		http.StatusBadRequest, "bad-field",
		"mfaType must be SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP.",
		"mfaTypeはSOFTWARE_TOKEN_MFA、SMS_MFA、EMAIL_OTPのいずれかにしてください。",
	)
)

func missing(field string) error {
	return say(
		http.StatusBadRequest, "missing-field",
		"The field "+field+" is missing.",
		"フィールド "+field+" がありません。",
	)
}

func notText(field string) error {
	return say(
		http.StatusBadRequest, "bad-field",
		"The field "+field+" must be a string.",
		"フィールド "+field+" は文字列にしてください。",
	)
}

func duplicate(field string) error {
	return say(
		http.StatusBadRequest, "bad-field",
		"The field "+field+" occurs twice.",
		"フィールド "+field+" が重複しています。",
	)
}

// tooManyAttempts is the error for an exhausted limit. The user can wait or, if the limit was for
// one sign-in, start another.
func tooManyAttempts(wait time.Duration, next cognitomfa.Step) error {
	f := &fault{
		status: http.StatusTooManyRequests, code: "too-many-attempts", next: next, retryAfter: wait,
	}
	if next == cognitomfa.StepStartOver {
		f.en = "Too many wrong codes. Sign in again."
		f.ja = "誤った確認コードが続いたため、サインインを中止しました。" +
			"もう一度サインインしてください。"
		return f
	}
	minutes := max(1, int(math.Ceil(wait.Minutes())))
	f.en = fmt.Sprintf("Too many attempts. Try again in %d minutes.", minutes)
	if minutes == 1 {
		f.en = "Too many attempts. Try again in a minute."
	}
	f.ja = fmt.Sprintf("試行回数が上限に達しました。"+
		"約%d分後に、もう一度お試しください。", minutes)
	return f
}

// freshSignInRequired is the error for changing MFA, where it is on, with a sign-in older than
// maxAge. For programs, WWW-Authenticate says so as in RFC 9470.
func freshSignInRequired(maxAge time.Duration) error {
	return &fault{
		status: http.StatusUnauthorized, code: "fresh-sign-in-required",
		en: "You signed in too long ago to change two-step sign-in. Sign in again first.",
		ja: "サインインから時間が経っているため、2段階認証の設定を変更できません。" +
			"先に、もう一度サインインしてください。",
		next: cognitomfa.StepStartOver,
		authenticate: fmt.Sprintf(`, error="insufficient_user_authentication", max_age="%d"`,
			int(maxAge.Seconds())),
	}
}

// faults maps the errors of the library. The first match counts, and [cognitomfa.ErrNotEnabled]
// wraps its cause. ErrUserNotFound, ErrDevice and ErrLevel are missing because no call here returns
// them: responses never tell whether a user exists, no device is remembered, and no level is
// requested.
var faults = []struct {
	kind  error
	fault *fault
}{
	{cognitomfa.ErrNotEnabled, say(
		http.StatusBadGateway, "mfa-not-enabled",
		"The authenticator app is registered, but two-step sign-in is not on yet. "+
			"Turn it on again. You do not need a new code.",
		"認証アプリは登録されましたが、2段階認証はまだ有効になっていません。"+
			"もう一度有効にしてください。新しい確認コードは不要です。",
	)},
	{cognitomfa.ErrCredentials, say(
		http.StatusUnauthorized, "wrong-credentials",
		"The user name or password is wrong. Check both and try again.",
		"ユーザー名またはパスワードが正しくありません。"+
			"確認して、もう一度お試しください。",
	)},
	{cognitomfa.ErrTooManyAttempts, say(
		http.StatusTooManyRequests, "too-many-attempts",
		"Too many failed attempts. Wait before you try again: "+
			"a few seconds at first, then longer each time.",
		"失敗が続いたため、一時的にロックされています。"+
			"少し待ってから、もう一度お試しください。"+
			"待ち時間は失敗するたびに長くなります。",
	)},
	{cognitomfa.ErrUserDisabled, say(
		http.StatusForbidden, "user-disabled",
		"This account is disabled. Contact your administrator.",
		"このアカウントは無効になっています。管理者にお問い合わせください。",
	)},
	{cognitomfa.ErrPasswordReset, say(
		http.StatusForbidden, "password-reset-required",
		"Your password must be reset before you can sign in. Contact your administrator.",
		"サインインの前にパスワードの再設定が必要です。"+
			"管理者にお問い合わせください。",
	)},
	{cognitomfa.ErrNotConfirmed, say(
		http.StatusForbidden, "user-not-confirmed",
		"Your sign-up is not complete. Confirm it with the code that was sent to you, "+
			"or contact your administrator.",
		"ユーザー登録が完了していません。"+
			"届いた確認コードで登録を完了するか、管理者にお問い合わせください。",
	)},
	{cognitomfa.ErrPasswordPolicy, say(
		http.StatusBadRequest, "password-policy",
		"The new password does not meet the requirements, or it was used before. Choose another.",
		"新しいパスワードが条件を満たしていないか、以前に使用されたものです。"+
			"別のパスワードを設定してください。",
	)},
	{cognitomfa.ErrAttribute, say(
		http.StatusBadRequest, "bad-attribute",
		"Some of your details are missing, invalid, or used by another account. "+
			"Correct them and try again.",
		"ユーザー情報が不足しているか、形式が正しくないか、"+
			"すでに使用されています。"+
			"修正して、もう一度お試しください。",
	)},
	{cognitomfa.ErrCodeMismatch, say(
		http.StatusBadRequest, "wrong-code",
		"That code is wrong. Enter the newest one. If codes from your app are refused repeatedly, "+
			"check that your phone sets its clock automatically.",
		"確認コードが正しくありません。最新のコードを入力してください。"+
			"認証アプリのコードが何度も受け付けられないときは、"+
			"スマートフォンの時刻が自動設定になっているかご確認ください。",
	)},
	{cognitomfa.ErrCodeUsed, say(
		http.StatusBadRequest, "used-code",
		"That code was already used. Wait up to 30 seconds for the app to show the next code, "+
			"then enter that one.",
		"この確認コードは使用済みです。"+
			"認証アプリに次のコードが表示されるまで（最長30秒）待ち、"+
			"次のコードを入力してください。",
	)},
	{cognitomfa.ErrMethod, say(
		http.StatusBadRequest, "method-not-offered",
		"You cannot get a code that way. Choose another.",
		"この方法は選べません。別の方法を選んでください。",
	)},
	{cognitomfa.ErrSessionExpired, say(
		http.StatusUnauthorized, "session-expired",
		"This sign-in took too long and has expired. Sign in again.",
		"サインインの途中で有効期限が切れました。もう一度サインインしてください。",
	)},
	{cognitomfa.ErrSessionUsed, say(
		http.StatusUnauthorized, "session-used",
		"This sign-in is already complete. Sign in again.",
		"このサインインはすでに完了しています。もう一度サインインしてください。",
	)},
	{cognitomfa.ErrAccessToken, signedOut("bad-access-token")},
	{cognitomfa.ErrRefreshToken, signedOut("bad-refresh-token")},
	{cognitomfa.ErrMissingScope, say(
		http.StatusForbidden, "missing-scope",
		"This sign-in does not allow changes to two-step sign-in. Contact the service's operator.",
		"このサインインでは2段階認証の設定を変更できません。"+
			"サービスの運営者にお問い合わせください。",
	)},
	{cognitomfa.ErrNotEnrolled, say(
		http.StatusBadRequest, "not-enrolled",
		"No authenticator app is registered. Get a QR code and scan it first.",
		"認証アプリが登録されていません。"+
			"まずQRコードを表示して読み取ってください。",
	)},
	{cognitomfa.ErrTOTPDisabled, say(
		http.StatusForbidden, "totp-disabled",
		"This service does not support authenticator apps at the moment. Contact its operator.",
		"現在、このサービスでは認証アプリを使用できません。"+
			"サービスの運営者にお問い合わせください。",
	)},
	{cognitomfa.ErrMFARequired, say(
		http.StatusForbidden, "mfa-required",
		"Two-step sign-in is required here and cannot be turned off.",
		"ここでは2段階認証が必須のため、無効にできません。",
	)},
	{cognitomfa.ErrRejected, say(
		http.StatusForbidden, "rejected",
		"The rules of this service do not allow that. Contact its operator.",
		"サービスのポリシーにより許可されていません。"+
			"サービスの運営者にお問い合わせください。",
	)},
	{cognitomfa.ErrThrottled, say(
		http.StatusTooManyRequests, "throttled",
		"The service is busy. Wait a moment, then try again.",
		"ただいま混み合っています。少し待ってから、もう一度お試しください。",
	)},
	{cognitomfa.ErrSecretHash, misconfigured},
	{cognitomfa.ErrConfig, misconfigured},
	{cognitomfa.ErrUnavailable, unavailable},
}

// Faults that several errors share.
var (
	misconfigured = say(
		http.StatusInternalServerError, "misconfigured",
		"The service is not set up correctly. Its operator can find the reason in the log.",
		"サービスの設定に誤りがあります。"+
			"サービスの運営者はログで原因を確認できます。",
	)
	unavailable = say(
		http.StatusBadGateway, "unavailable",
		"The sign-in service did not respond. Wait a moment, then try again.",
		"サインインサービスから応答がありませんでした。"+
			"少し待ってから、もう一度お試しください。",
	)
	// lost replaces unavailable where the step may have succeeded and cannot be repeated.
	lost = say(
		http.StatusBadGateway, "unavailable",
		"The sign-in service did not respond. Sign in again.",
		"サインインサービスから応答がありませんでした。"+
			"もう一度サインインしてください。",
	)
	internal = say(
		http.StatusInternalServerError, "internal",
		"Something unexpected went wrong. The service's operator can find the reason in the log.",
		"予期しないエラーが発生しました。"+
			"サービスの運営者はログで原因を確認できます。",
	)
)

func signedOut(code string) *fault {
	return say(
		http.StatusUnauthorized, code,
		"You are no longer signed in. Sign in again.",
		"サインインの有効期限が切れました。もう一度サインインしてください。",
	)
}

// faultOf returns the fault for an error.
func faultOf(err error) *fault {
	var own *fault
	if errors.As(err, &own) {
		return own
	}
	found := internal
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		found = unavailable
	}
	for _, f := range faults {
		if errors.Is(err, f.kind) {
			found = f.fault
			break
		}
	}
	if found == unavailable && cognitomfa.NextStep(err) == cognitomfa.StepStartOver {
		return lost
	}
	return found
}

// refuse responds to a request whose access token was rejected, with the status and headers of
// [token.Verifier.Middleware].
func refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	f, next := signedOut("bad-access-token"), cognitomfa.StepStartOver
	if errors.Is(err, token.ErrKeysUnavailable) {
		f, next = unavailable, cognitomfa.StepBackOff
	}
	fail(w, r, &fault{status: status, code: f.code, en: f.en, ja: f.ja, next: next})
}

// message is a fault in one language.
type message struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Next    cognitomfa.Step `json:"next"`
}

func newMessage(err error, language string) *message {
	f := faultOf(err)
	m := &message{Code: f.code, Message: f.en, Next: cmp.Or(f.next, cognitomfa.NextStep(err))}
	if language == Japanese {
		m.Message = f.ja
	}
	return m
}

// fail responds with an error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	if rec, ok := w.(*recorder); ok {
		rec.outcome, rec.cause = f.code, err
	}
	h := w.Header()
	h.Add("Vary", "Accept-Language")
	if f.status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Bearer realm="cognito"`+f.authenticate)
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retryAfter.Seconds()))))
	}
	reply(w, f.status, map[string]*message{"error": newMessage(err, Language(r))})
}
