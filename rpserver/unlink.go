package rpserver

import "context"

// Unlink takes an identity from a user and ends the sign-ins that were made with it: whoever
// takes one away that is not their own, or no longer, means whoever signed in by it as well.
// IdentityStore.Unlink alone leaves these people signed in. The person's own sign-in ends too
// if it was made with it. Of an identity that the user does not have it is no error, so that
// what failed half way can be done again. ErrLastIdentity is as in IdentityStore.
func (rp *RP) Unlink(ctx context.Context, userID, issuer, subject string) error {
	switch {
	case rp.identities == nil:
		return errNotLinkable
	case userID == "" || issuer == "" || subject == "":
		return ErrNoUser
	}
	if err := rp.identities.Unlink(ctx, userID, issuer, subject); err != nil {
		return err
	}
	n, err := rp.endAll(ctx, SignInsWhere{UserID: userID, Issuer: issuer, Subject: subject})
	if err != nil {
		return err
	}
	rp.log.InfoContext(ctx, "relying party: identity unlinked", "issuer", issuer, "user", userID, "sign_ins", n)
	return nil
}
