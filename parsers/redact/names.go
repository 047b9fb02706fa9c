package redact

// nameClass says what a member, parameter, header or element of some name holds.
type nameClass uint8

const (
	nameOther    nameClass = iota
	namePassword           // chosen by a person: any word can be one
	nameToken              // made by a machine
	nameCookie             // goes on to the end of the line
	namePIN                // mostly digits
	namePhone
	nameQuery // a secret in a query, anything elsewhere: key, sig
	nameCode  // OAuth's code in a query, an error code everywhere else
)

func (c nameClass) kind() kind {
	switch c {
	case nameCookie:
		return kindCookie
	case namePIN:
		return kindPIN
	case namePhone:
		return kindPhone
	default:
		return kindSecret
	}
}

// secretName is the end of a name that holds a secret, without separators and capitals.
type secretName struct {
	text  string
	class nameClass
	whole bool // a component of its own: mapping is no pin
}

var secretNames = buildTrie([]secretName{
	{"password", namePassword, false},
	{"passwd", namePassword, false},
	{"pwd", namePassword, true},
	{"passphrase", namePassword, false},
	{"secret", namePassword, false},
	{"passwort", namePassword, false},
	{"token", nameToken, false},
	{"authorization", nameToken, false},
	{"authorisation", nameToken, false},
	{"session", nameToken, true},
	{"sessionid", nameToken, false},
	{"sessid", nameToken, false},
	{"apikey", nameToken, false},
	{"accesskey", nameToken, false},
	{"accesskeyid", nameToken, false},
	{"secretkey", nameToken, false},
	{"privatekey", nameToken, false},
	{"signingkey", nameToken, false},
	{"encryptionkey", nameToken, false},
	{"authkey", nameToken, false},
	{"subscriptionkey", nameToken, false},
	{"masterkey", nameToken, false},
	{"sharedkey", nameToken, false},
	{"accountkey", nameToken, false},
	{"functionkey", nameToken, false},
	{"auth", nameToken, true},
	{"jwt", nameToken, true},
	{"bearer", nameToken, true},
	{"credential", nameToken, false},
	{"credentials", nameToken, false},
	{"signature", nameToken, false},
	{"assertion", nameToken, true},
	{"codeverifier", nameToken, false},
	{"authorizationcode", nameToken, false},
	{"cookie", nameCookie, false},
	{"otp", namePIN, true},
	{"totp", namePIN, true},
	{"pin", namePIN, true},
	{"pincode", namePIN, false},
	{"ssn", namePIN, true},
	{"cvv", namePIN, true},
	{"cvv2", namePIN, true},
	{"cvc", namePIN, true},
	{"passcode", namePIN, false},
	{"verificationcode", namePIN, false},
	{"securitycode", namePIN, false},
	{"otpcode", namePIN, false},
	{"smscode", namePIN, false},
	{"authcode", namePIN, false},
	{"confirmationcode", namePIN, false},
	{"onetimecode", namePIN, false},
	{"cardnumber", namePIN, false},
	{"phone", namePhone, true},
	{"phonenumber", namePhone, false},
	{"msisdn", namePhone, true},
	{"mobile", namePhone, true},
	{"mobilenumber", namePhone, false},
	{"telephone", namePhone, false},
	{"key", nameQuery, true},
	{"sig", nameQuery, true},
	{"code", nameCode, true},
})

// nameNode is a node of the trie of the names, read from their ends: most members of a body are
// passed over after one or two bytes.
type nameNode struct {
	next [letters]uint16 // 0 = none
	name *secretName     // the name that begins here, or nil
}

// letters is the alphabet of the names: a to z, and 2.
const letters = 27

func letterIndex(b byte) int {
	switch b = toLower(b); {
	case 'a' <= b && b <= 'z':
		return int(b - 'a')
	case b == '2':
		return letters - 1
	default:
		return -1
	}
}

func buildTrie(names []secretName) []nameNode {
	nodes := make([]nameNode, 1)
	for n := range names {
		at := uint16(0)
		for i := len(names[n].text) - 1; i >= 0; i-- {
			letter := letterIndex(names[n].text[i])
			if nodes[at].next[letter] == 0 {
				nodes[at].next[letter] = uint16(len(nodes))
				nodes = append(nodes, nameNode{})
			}
			at = nodes[at].next[letter]
		}
		nodes[at].name = &names[n]
	}
	return nodes
}

const maxName = 48

// nameBefore classifies the name that ends at end; start is where its telling part begins. '_', '-',
// '.' and blanks between letters do not count, and the longest end wins: accesskeyid is no id.
func (s *scanner) nameBefore(end int) (class nameClass, start int) {
	at := uint16(0)
	for i, low := end, max(s.from, end-maxName); i > low; {
		i--
		letter := letterIndex(s.text[i])
		if letter < 0 {
			if i < end-1 && is(s.text[i], nameGap) {
				continue
			}
			break
		}
		if at = secretNames[at].next[letter]; at == 0 {
			break
		}
		if n := secretNames[at].name; n != nil && (!n.whole || s.startsComponent(i)) {
			class, start = n.class, i
			if n.text == "token" && s.namesNoSecret(i) {
				class = nameOther
			}
		}
	}
	return class, start
}

func (s *scanner) startsComponent(i int) bool {
	return s.starts(i) || is(s.text[i], upper) && is(s.text[i-1], lower)
}

// namesNoSecret reports whether the token named at i is a code or a cursor.
func (s *scanner) namesNoSecret(i int) bool {
	low := max(s.from, i-maxWordLen)
	for i > low && is(s.text[i-1], nameGap) {
		i--
	}
	return isOpenToken(s.text[low:i])
}

// identStart walks back to where the name that i is in begins.
func (s *scanner) identStart(i int) int {
	for low := max(s.from, i-maxName); i > low && is(s.text[i-1], token) && !s.afterEscape(i); {
		i--
	}
	return i
}
