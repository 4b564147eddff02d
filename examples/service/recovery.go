package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/cognitomfa/cognitomfa"
)

const recoveryCodes = 10

// recovery is how a user's recovery codes are stored: their common salt and the slow hash of each.
type recovery struct {
	Salt   []byte
	Hashes [][]byte
}

func recoveryKey(user string) string { return "recovery:" + user }

// hashing bounds the memory of hashes, which is 19 MiB each.
var hashing = make(chan struct{}, runtime.NumCPU())

// hash computes Argon2id with the parameters that OWASP recommends.
func hash(code string, salt []byte) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	return argon2.IDKey([]byte(code), salt, 2, 19<<10, 1, 32)
}

// recoveryCodes shows new codes until the user has saved them, or offers to create some.
func (x *exchange) recoveryCodes() (reply, error) {
	if x.post() {
		return x.makeCodes()
	}
	return page("recovery-codes", strings.Fields(x.get("codes")))
}

// makeCodes creates codes. The old ones work until the user has saved the new ones.
func (x *exchange) makeCodes() (reply, error) {
	var codes []string
	for range recoveryCodes {
		code := rand.Text()[:16] // 80 bits
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	x.put("codes", strings.Join(codes, " "))
	return redirect("/recovery-codes")
}

func (x *exchange) saveCodes() (reply, error) {
	codes := strings.Fields(x.get("codes"))
	if len(codes) == 0 || x.r.PostFormValue("saved") == "" {
		return redirect("/")
	}
	kept := recovery{Salt: []byte(rand.Text())}
	for _, code := range codes {
		kept.Hashes = append(kept.Hashes, hash(code, kept.Salt))
	}
	if err := save(x.r.Context(), x.store, recoveryKey(x.login.Username), kept, 0); err != nil {
		return reply{}, err
	}
	x.drop("codes")
	x.put("notice", "codes-saved")
	x.notify(x, x.login.Username, "new recovery codes")
	return redirect("/")
}

// recoveryLeft returns how many codes a user has left.
func (x *exchange) recoveryLeft(user string) (int, error) {
	kept, err := load[recovery](x.r.Context(), x.store, recoveryKey(user))
	if err != nil || kept == nil {
		return 0, err
	}
	return len(kept.Hashes), nil
}

// useRecoveryCode reports whether a code is one of the user's, and removes it so that it is single
// use.
func (s *service) useRecoveryCode(ctx context.Context, user, code string) (bool, error) {
	kept, err := load[recovery](ctx, s.store, recoveryKey(user))
	if err != nil || kept == nil {
		return false, err
	}
	hashed := hash(code, kept.Salt) // slow, so not under the lock
	unlock, err := s.store.Lock(ctx, recoveryKey(user))
	if err != nil {
		return false, err
	}
	defer unlock()
	if kept, err = load[recovery](ctx, s.store, recoveryKey(user)); err != nil || kept == nil {
		return false, err
	}
	rest := slices.DeleteFunc(slices.Clone(kept.Hashes), func(h []byte) bool {
		return subtle.ConstantTimeCompare(h, hashed) == 1
	})
	if len(rest) == len(kept.Hashes) {
		return false, nil
	}
	kept.Hashes = rest
	return true, save(ctx, s.store, recoveryKey(user), kept, 0)
}

// recover takes a recovery code in place of one from the authenticator. Cognito does not know
// recovery codes, so it does not sign in: it removes the authenticator and ends all sessions. The
// user signs in again and must enroll.
func (x *exchange) recover() (reply, error) {
	ch, err := challenge[*cognitomfa.MFAChallenge](x)
	used := err == nil && x.get("recovered") == ch.Username // only the reset failed last time
	if err != nil || !x.post() {
		return reply{page: "recover", data: used}, err
	}
	ctx := x.r.Context()
	if !used {
		if err := x.attempt(codes, ch.Username); err != nil {
			return reply{}, err
		}
		good, err := x.useRecoveryCode(ctx, ch.Username, x.r.PostFormValue("code"))
		if err != nil {
			return reply{}, err
		}
		if !good {
			return invalid("recover", false, "wrong-recovery-code")
		}
		x.put("recovered", ch.Username)
	}
	if err := x.resetUser(ctx, ch.Username); err != nil {
		return reply{}, err
	}
	x.notify(x, ch.Username, "recovery code used, authenticator removed")
	return x.leave("recovered")
}

// resetUser removes a user's authenticator and ends all sessions, here and in Cognito. Its first
// step makes the rest safe to retry: the next sign-in must enroll.
func (s *service) resetUser(ctx context.Context, user string) error {
	if err := s.store.Set(ctx, enrollKey(user), []byte("true"), 0); err != nil {
		return err
	}
	if err := s.end(ctx, user); err != nil {
		return err
	}
	err := s.client.ResetTOTP(ctx, user, func(o *cognitomfa.ResetOptions) { o.SignOut = true })
	if errors.Is(err, cognitomfa.ErrNotEnrolled) {
		return nil
	}
	return err
}
