package parsers

// meanings are phrases that say the same in the errors of many APIs, by category, the most telling
// category first. Where a text holds several, the first category of the table wins. "…" stands for up
// to four words, a final "*" for any ending.
//
// Phrases under codes count in codes only: in a sentence they may speak of something else. Those
// under guards mean nothing, and hide from the others what they cover.
var meanings = [...]struct {
	category Category
	anywhere []string
	codes    []string
}{
	{category: CategoryNone, anywhere: []string{
		"device token*", "registration token*", "card token*", "payment token*", "page token", "pagination token", "continuation token", "sync token", "next token",
		"unexpected token", "no such column", "no such field", "no such property", "no such parameter", "push token*", "quote id", "rate type", "rate limit is required", "signature date", "not found in type", "payment method not found",
		"extra fields not permitted", "inputs are not permitted", "properties are not permitted", "property is not permitted", "fields are not permitted", "field is not permitted", "parameters are not permitted", "parameter is not permitted", "characters are not permitted", "characters not permitted", "value is not permitted", "values are not permitted",
		"too many items", "too many recipients", "too many addresses", "too many tags", "too many entries", "too many records", "too many elements", "too many values", "too many characters", "too many fields", "too many parameters", "too many arguments", "too many rows", "too many files", "too many ids", "too many attachments", "too many options", "too many objects", "too many documents", "too many keys", "too many columns", "too many decimal*", "too many digits",
		"billing address*", "billing zip", "billing postal", "billing postcode", "billing country", "billing city", "billing state", "billing name", "billing email", "billing phone", "billing details", "billing period", "billing cycle",
		"invalid token at", "token amount", "token id", "token address", "token symbol", "authentication method*", "invalid authentication method*", "username and password fields", "duplicate parameter*", "duplicate header*", "internal reference", "internal id", "deleted at", "timeout too",
		"default timeout", "plan limit*", "size limit*", "length limit*", "character limit*", "spending limit*", "transaction limit*", "amount limit*", "file limit*", "timeout must", "invalid timeout", "timeout is", "timeout value", "timeout parameter",
	}},
	{
		category: CategoryRateLimit,
		anywhere: []string{
			"rate limit exceeded", "rate limit … exceeded", "rate limit reached", "rate limit … reached", "rate limit hit", "rate limit violation", "exceeded … rate limit*", "exceeds … rate limit*", "exceeding … rate limit*", "hit … rate limit*", "reached … rate limit*",
			"rate limited", "rate limiting", "ratelimit*", "rate exceeded", "request rate too *", "too many requests", "too many request", "too many calls", "too many api *", "too many attempts", "too many … attempts", "too many … requests", "too many concurrent *",
			"throttl*", "quota … exceeded", "quota exceeded", "quotaexceeded", "quota exhausted", "quota … exhausted", "exceeded … quota*", "exceeds … quota*", "over quota", "out of … quota", "quota … reached", "quota limit*",
			"request limit … exceeded", "request limit … reached", "requests limit exceeded", "totalrequests limit exceeded", "api limit … exceeded", "call limit … exceeded", "call limit reached", "api calls … exceeded", "usage limit … reached", "usage limit … exceeded", "limit of requests", "daily limit", "hourly limit", "monthly limit", "requests per second", "requests per minute", "calls per second", "calls per minute",
			"slow down", "reduce … request rate", "reduce request rates", "request volume", "spike arrest", "complexity budget", "complexity exhausted", "flow control", "requesting too *", "request was throttled", "max queries", "concurrency limit",
		},
		codes: []string{
			"rate limit*", "quota", "slowdown", "limit exceeded", "limit reached", "requests limit", "request limit*", "usage limit*", "limit exceed", "out of quota", "over query limit", "too many", "too frequent*", "frequency limit*", "quota limit*", "enhance your calm",
		},
	},
	{
		category: CategoryPayment,
		anywhere: []string{
			"insufficient fund*", "insufficient balance", "insufficient … balance", "insufficient credit*", "insufficient money", "not enough fund*", "not enough balance", "not enough credit*", "not enough money", "balance … too low", "balance … low", "low balance", "out of credit*", "no credit* left",
			"card declined", "card was declined", "card … been declined", "payment declined", "payment was declined", "payment required", "requires payment", "expired card", "card expired", "card has expired", "card is expired", "do not honor", "do not honour", "insufficient cash", "billing not enabled", "billing … disabled", "trial … expired", "trial … ended", "subscription … expired", "transaction declined", "transaction … declined", "declined by … bank", "instrument declined",
		},
		codes: []string{"declined", "billing", "unpaid", "overdue", "payment failed", "no credits", "credit limit", "expired card", "processor declined", "trial expired", "subscription expired", "subscription inactive", "subscription required"},
	},
	{
		category: CategoryAuth,
		anywhere: []string{
			"invalid token", "invalid access token", "invalid auth token", "invalid bearer *", "invalid refresh token", "invalid oauth *", "invalid id token", "invalid api token", "invalid authentication *", "invalid authorization *", "invalid auth", "invalid jwt", "jwt expired", "jwt malformed", "jwt is *", "token expired", "token … expired", "token invalid", "token is invalid", "token … not valid", "token … is invalid", "token … revoked", "token not valid", "expired token", "expired access token", "expired refresh token", "validating access token", "unrecognised access token", "unrecognized access token", "missing access token", "access token … missing", "unknown token", "no token provided", "token missing", "token required",
			"invalid api key", "invalid apikey", "invalid api keys", "invalid … api key", "incorrect api key", "wrong api key", "api key invalid", "api key is invalid", "api key … not valid", "api key … invalid", "api key … expired", "api key … required", "api key … missing", "api key … disabled", "api key not *", "no api key", "missing api key", "bad api key", "unknown api key", "use an api key", "invalid access key", "access key … not exist", "invalid app key", "invalid secret", "invalid client secret", "invalid key", "invalid consumer key",
			"invalid credential*", "invalid … credentials", "bad credentials", "wrong credentials", "incorrect credentials", "missing credentials", "missing … credentials", "credentials … invalid", "credentials … not provided", "credentials … not be validated", "no credentials", "expired credentials", "credentials … expired",
			"authentication failed", "authentication failure", "authorization failure", "appid is invalid", "app id is invalid", "authentication required", "authentication error", "authentication credentials", "requires authentication", "authorization failed invalid", "user authorization failed", "not authenticated", "must authenticate", "unauthenticated", "must be authenticated", "not logged in", "must be logged in", "login required", "need to sign in", "please log in", "please login", "sign in to continue",
			"invalid login", "invalid password", "incorrect password", "wrong password", "invalid username or password", "username or password", "username and password", "invalid email or password", "email or password is incorrect",
			"signature … not match", "signature invalid", "signature is invalid", "invalid signature", "signature verification failed", "signature failure", "signature expired", "signature … expired", "bad signature", "signature mismatch", "incorrect signature", "session expired", "session … expired", "invalid session", "session invalid", "session is invalid", "certificate expired", "certificate is expired", "security token … invalid", "security token … expired", "authorization grant is invalid", "security header is not valid",
		},
		codes: []string{
			"unauthorized", "unauthorised", "unauthenticated", "authentication", "auth failure*", "auth failed", "auth error", "auth required", "invalid auth*", "invalid user", "token not valid", "bad token", "no auth*", "not authed", "invalid grant", "invalid client", "invalid client token id", "invalid client id", "invalid access key id", "missing authentication *", "expired session", "token", "access token *", "invalid session id", "invalid login *", "bad auth*", "wrong password", "invalid appid", "request time too skewed", "incomplete signature", "invalid app id",
		},
	},
	{
		category: CategoryPermission,
		anywhere: []string{
			"permission denied", "permissions denied", "access denied", "access is denied", "access forbidden", "insufficient permission*", "insufficient scope*", "insufficient privilege*", "insufficient rights", "insufficient access", "not permitted", "not authorized", "not authorised", "missing permission*", "missing scope*", "missing required scope*", "no permission", "not have permission*", "not have … permission*", "not have access", "not have the required *", "lacks … permission*", "not entitled", "not whitelisted", "operation not allowed", "operation is not allowed",
		},
		codes: []string{"forbidden", "permission*", "not allowed", "no access", "access not *", "restricted", "disallowed", "scope", "missing permissions", "not enabled", "not whitelisted ip"},
	},
	{
		category: CategoryConflict,
		anywhere: []string{"already exist*", "already exists", "alreadyexists", "duplicate key", "duplicate entry", "duplicate document *", "duplicate record", "is a duplicate", "unique constraint", "already in use", "already registered", "edit conflict", "update conflict", "version conflict", "concurrent modification", "concurrent update*", "already been used for"},
		codes:    []string{"duplicate*", "conflict*", "uniqueness", "not unique", "already", "already *", "user exists", "member exists", "name exists", "email exists", "account exists", "record exists", "object exists", "exists already", "locked", "in use", "idempotency conflict", "already used", "already taken"},
	},
	{
		category: CategoryUnsupported,
		anywhere: []string{"method not found", "method … does not exist", "unknown method", "not implemented", "unimplemented", "method not allowed", "unsupported media type", "unsupported method"},
		codes:    []string{"unsupported", "unsupported *", "not supported", "deprecated*", "no such method", "unknown operation", "invalid action", "unknown action"},
	},
	{
		category: CategoryNotFound,
		anywhere: []string{"not found", "notfound", "does not exist", "not exist", "doesn t exist", "no such", "could not be found", "could not find", "couldn t find", "cannot find", "can t find", "unable to find", "could not resolve to", "was not located", "is not known", "unknown object"},
		codes:    []string{"not exists", "unknown user", "unknown resource", "unknown account", "unknown object", "unknown customer", "unknown id", "unknown channel", "unknown message", "unknown guild", "unknown order", "resource missing", "missing resource", "manifest unknown", "name unknown", "blob unknown", "nonexistent", "non existent", "no data", "no results", "zero results"},
	},
	{
		category: CategoryTimeout,
		anywhere: []string{"timeout", "timed out", "timedout", "deadline exceeded", "took too long", "time limit exceeded"},
		codes:    []string{"time out"},
	},
	{
		category: CategoryGone,
		anywhere: []string{"no longer available", "no longer exists", "no longer supported", "has been discontinued", "been deleted", "been sunset"},
		codes:    []string{"gone", "deleted", "sunset", "discontinued"},
	},
	{
		category: CategoryPrecondition,
		codes:    []string{"precondition*", "failed precondition", "etag mismatch", "if match"},
	},
	{
		category: CategoryUpstream,
		anywhere: []string{"bad gateway", "upstream connect error", "upstream error"},
		codes:    []string{"upstream*", "provider error", "third party *"},
	},
	{
		category: CategoryServer,
		anywhere: []string{"under maintenance", "maintenance mode", "down for maintenance", "scheduled maintenance", "service unavailable", "temporarily unavailable", "currently unavailable", "overloaded", "over capacity", "internal server error", "internal error", "server error", "unexpected error", "system error", "service is unavailable", "unable to communicate with database"},
		codes:    []string{"maintenance", "unavailable", "internal", "internal failure", "unknown error", "unexpected failure", "unexpected exception", "system busy", "server busy", "database error", "execution reverted"},
	},
	{
		category: CategoryValidation,
		anywhere: []string{"invalid", "is required", "are required", "must be", "must not be", "not valid", "validation failed", "validation error*", "missing required *", "missing parameter*", "malformed", "bad request", "params error", "parameter error", "parse error", "syntax error", "illegal", "cannot query field", "can t be blank", "too long", "too short", "not a valid"},
		codes:    []string{"validation*", "invalid*", "missing*", "required", "bad *", "malformed*", "illegal*", "format", "parameter*", "param*", "argument*", "parse*", "wrong *", "unprocessable*", "schema*", "too large", "too small", "out of range", "not valid"},
	},
}
