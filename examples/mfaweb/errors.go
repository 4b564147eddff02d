package mfaweb

import (
	"context"
	"errors"
	"net/http"

	"github.com/cognitomfa/cognitomfa"
)

// fault is an error as the front end is told of it. The messages say what happened and what to do next.
type fault struct {
	status int
	code   string
	en, ja string
}

func (f *fault) Error() string { return f.code }

// What can be wrong with a request itself. The user of a page never sees these; who writes a front end does.
var (
	errPath = &fault{
		http.StatusNotFound, "not-found",
		"There is nothing at this address.",
		"このアドレスには何もありません。",
	}
	errMethod = &fault{
		http.StatusMethodNotAllowed, "method-not-allowed",
		"This address takes another method; see the Allow header.",
		"このメソッドは使えません。Allowヘッダーをご覧ください。",
	}
	errMediaType = &fault{
		http.StatusUnsupportedMediaType, "unsupported-media-type",
		"The request must be JSON in UTF-8, sent with Content-Type: application/json.",
		"リクエストはUTF-8のJSONとし、Content-Type: application/jsonを付けて送ってください。",
	}
	errTooLarge = &fault{
		http.StatusRequestEntityTooLarge, "too-large",
		"The request is larger than 64 KiB.",
		"リクエストが64 KiBを超えています。",
	}
	errJSON = &fault{
		http.StatusBadRequest, "malformed-json",
		"The request is not a single, well-formed JSON object in UTF-8.",
		"リクエストが、UTF-8の正しいJSONオブジェクト1個になっていません。",
	}
	errWhoAsks = &fault{
		http.StatusBadRequest, "bad-field",
		"Send either an access token or, during sign-in, authParamSession and authParamUserId.",
		"アクセストークンか、サインインの途中ならauthParamSessionとauthParamUserIdの、どちらか一方を送ってください。",
	}
	errChallengeName = &fault{
		http.StatusBadRequest, "bad-field",
		"ChallengeName must be SOFTWARE_TOKEN_MFA, SMS_MFA or EMAIL_OTP.",
		"ChallengeNameはSOFTWARE_TOKEN_MFA、SMS_MFA、EMAIL_OTPのいずれかにしてください。",
	}
)

func missing(field string) error {
	return &fault{http.StatusBadRequest, "missing-field", "The field " + field + " is missing.", "フィールド " + field + "がありません。"}
}

func notText(field string) error {
	return &fault{http.StatusBadRequest, "bad-field", "The field " + field + " must be a string.", "フィールド " + field + "は文字列にしてください。"}
}

func twofold(field string) error {
	return &fault{http.StatusBadRequest, "bad-field", "The field " + field + " is there twice.", "フィールド " + field + "が重複しています。"}
}

// faults are the kinds of error that the library tells apart. The first that fits counts: [cognitomfa.ErrNotEnabled] wraps its reason.
// ErrUserNotFound is missing because no call made here can lead to it: nobody is told whether a user exists.
var faults = []struct {
	kind error
	fault
}{
	{cognitomfa.ErrNotEnabled, fault{
		http.StatusBadGateway, "mfa-not-enabled",
		"The authenticator app is registered, but two-step sign-in could not be switched on yet. Switch it on again; no new code is needed.",
		"認証アプリは登録されましたが、2段階認証をまだ有効にできていません。もう一度有効にしてください。新しいコードは不要です。",
	}},
	{cognitomfa.ErrCredentials, fault{
		http.StatusUnauthorized, "wrong-credentials",
		"The user name or the password is wrong. Check both and try again.",
		"ユーザー名またはパスワードが違います。確認して、もう一度お試しください。",
	}},
	{cognitomfa.ErrTooManyAttempts, fault{
		http.StatusTooManyRequests, "too-many-attempts",
		"There were too many failed attempts. Wait a few minutes, then try again.",
		"失敗が続いたため、一時的にロックされています。数分待ってから、もう一度お試しください。",
	}},
	{cognitomfa.ErrUserDisabled, fault{
		http.StatusForbidden, "user-disabled",
		"This user has been disabled. Ask the administrator.",
		"このユーザーは無効にされています。管理者にお問い合わせください。",
	}},
	{cognitomfa.ErrPasswordReset, fault{
		http.StatusForbidden, "password-reset-required",
		"The password must be reset before you can sign in. Ask the administrator.",
		"サインインの前にパスワードのリセットが必要です。管理者にお問い合わせください。",
	}},
	{cognitomfa.ErrNotConfirmed, fault{
		http.StatusForbidden, "user-not-confirmed",
		"The sign-up is not complete. Confirm it with the code that you were sent, or ask the administrator.",
		"ユーザー登録が完了していません。届いたコードで登録を完了するか、管理者にお問い合わせください。",
	}},
	{cognitomfa.ErrPasswordPolicy, fault{
		http.StatusBadRequest, "password-policy",
		"The new password does not follow the rules or was used before. Choose another.",
		"新しいパスワードが条件を満たしていないか、以前に使われたものです。別のパスワードにしてください。",
	}},
	{cognitomfa.ErrAttribute, fault{
		http.StatusBadRequest, "bad-attribute",
		"Something that has to be known about you is missing, malformed or taken by somebody else. Correct it and try again.",
		"必要な情報が不足しているか、形式が正しくないか、すでに使われています。修正して、もう一度お試しください。",
	}},
	{cognitomfa.ErrCodeMismatch, fault{
		http.StatusBadRequest, "wrong-code",
		"That code is not right. Enter the newest one. If the app's code is refused again, check the clock of your phone.",
		"コードが違います。最新のコードを入力してください。アプリのコードが何度も受け付けられないときは、スマートフォンの時刻を確認してください。",
	}},
	{cognitomfa.ErrCodeUsed, fault{
		http.StatusBadRequest, "used-code",
		"That code has been used already. Wait until the app shows the next one, half a minute at most, and use the next code.",
		"このコードはすでに使われています。アプリに次のコードが表示されるまで（最長30秒）待ち、次のコードを使ってください。",
	}},
	{cognitomfa.ErrMethod, fault{
		http.StatusBadRequest, "method-not-offered",
		"That way of receiving a code was not offered. Choose another.",
		"この方法は選べません。別の方法を選んでください。",
	}},
	{cognitomfa.ErrSessionExpired, fault{
		http.StatusUnauthorized, "session-expired",
		"This sign-in took too long and has ended. Sign in again.",
		"時間が経ちすぎたため、サインインが打ち切られました。もう一度サインインしてください。",
	}},
	{cognitomfa.ErrSessionUsed, fault{
		http.StatusUnauthorized, "session-used",
		"This sign-in was already finished. Sign in again.",
		"このサインインはすでに完了しています。もう一度サインインしてください。",
	}},
	{cognitomfa.ErrAccessToken, fault{
		http.StatusUnauthorized, "bad-access-token",
		"You are not signed in any more. Sign in again.",
		"サインインの有効期限が切れました。もう一度サインインしてください。",
	}},
	{cognitomfa.ErrRefreshToken, fault{
		http.StatusUnauthorized, "bad-refresh-token",
		"You are not signed in any more. Sign in again.",
		"サインインの有効期限が切れました。もう一度サインインしてください。",
	}},
	{cognitomfa.ErrMissingScope, fault{
		http.StatusForbidden, "missing-scope",
		"This sign-in does not allow to change two-step sign-in. Ask the operator of this service.",
		"このサインインでは2段階認証の設定を変更できません。サービスの運営者にお問い合わせください。",
	}},
	{cognitomfa.ErrNotEnrolled, fault{
		http.StatusBadRequest, "not-enrolled",
		"No authenticator app is registered. Get a QR code first and scan it.",
		"認証アプリが登録されていません。まずQRコードを表示して読み取ってください。",
	}},
	{cognitomfa.ErrTOTPDisabled, fault{
		http.StatusForbidden, "totp-disabled",
		"Authenticator apps are switched off in this user pool. Ask the operator of this service.",
		"このユーザープールでは認証アプリを使えません。サービスの運営者にお問い合わせください。",
	}},
	{cognitomfa.ErrMFARequired, fault{
		http.StatusForbidden, "mfa-required",
		"Two-step sign-in is required here and cannot be switched off.",
		"ここでは2段階認証が必須のため、無効にできません。",
	}},
	{cognitomfa.ErrRejected, fault{
		http.StatusForbidden, "rejected",
		"The rules of this service do not allow that. Ask its operator.",
		"サービスの規則により許可されていません。運営者にお問い合わせください。",
	}},
	{cognitomfa.ErrThrottled, fault{
		http.StatusTooManyRequests, "throttled",
		"The service is busy at the moment. Wait a little, then try again.",
		"ただいま混み合っています。少し待ってから、もう一度お試しください。",
	}},
	{cognitomfa.ErrSecretHash, fault{
		http.StatusInternalServerError, "misconfigured",
		"The service is not set up correctly. Its operator finds the reason in the log.",
		"サービスの設定に誤りがあります。運営者はログで原因を確認できます。",
	}},
	{cognitomfa.ErrConfig, fault{
		http.StatusInternalServerError, "misconfigured",
		"The service is not set up correctly. Its operator finds the reason in the log.",
		"サービスの設定に誤りがあります。運営者はログで原因を確認できます。",
	}},
	{cognitomfa.ErrUnavailable, unavailable},
}

// What is left over.
var (
	unavailable = fault{
		http.StatusBadGateway, "unavailable",
		"The sign-in service did not answer. Wait a moment, then try again.",
		"サインインサービスから応答がありませんでした。少し待ってから、もう一度お試しください。",
	}
	// lost is what unavailable comes to where the step may have been carried out, so that it cannot be repeated.
	lost = fault{
		http.StatusBadGateway, "unavailable",
		"The sign-in service did not answer. Begin again.",
		"サインインサービスから応答がありませんでした。最初からやり直してください。",
	}
	internal = fault{
		http.StatusInternalServerError, "internal",
		"Something unexpected went wrong. The operator of this service finds the reason in the log.",
		"予期しないエラーが発生しました。サービスの運営者はログで原因を確認できます。",
	}
)

// faultOf finds what to tell the front end of an error.
func faultOf(err error) *fault {
	var own *fault
	if errors.As(err, &own) {
		return own
	}
	found := &internal
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		found = &unavailable
	}
	for i := range faults {
		if errors.Is(err, faults[i].kind) {
			found = &faults[i].fault
			break
		}
	}
	if found.code == unavailable.code && cognitomfa.NextStep(err) == cognitomfa.StepStartOver {
		return &lost
	}
	return found
}

// message is a fault in one language.
type message struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Next    cognitomfa.Step `json:"next"`
}

func newMessage(err error, language string) *message {
	f := faultOf(err)
	m := &message{Code: f.code, Message: f.en, Next: cognitomfa.NextStep(err)}
	if language == Japanese {
		m.Message = f.ja
	}
	return m
}

// fail answers with an error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	if rec, ok := w.(*recorder); ok {
		rec.outcome, rec.cause = f.code, err
	}
	h := w.Header()
	h.Add("Vary", "Accept-Language")
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="cognito"`)
	}
	reply(w, f.status, map[string]*message{"error": newMessage(err, Language(r))})
}
