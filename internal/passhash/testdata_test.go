package passhash

// python is a program that checks hashes with the libraries whose forms they are,
// and makes hashes with them. It reads and writes JSON.
const python = `
import base64, json, sys
import passlib.hash, werkzeug.security
from django.conf import settings
settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"])
from django.contrib.auth.hashers import check_password, make_password

def phc(h):
    "PHC's form in passlib's, which differ in their parameters and in one character of base64."
    _, name, params, salt, key = h.split("$")
    rounds = dict(p.split("=") for p in params.split(","))["i"]
    return "$%s$%s$%s$%s" % (name, rounds, salt.replace("+", "."), key.replace("+", "."))

verify = {
    "phc": lambda p, h: passlib.hash.pbkdf2_sha256.verify(p, phc(h)),
    "passlib": passlib.hash.pbkdf2_sha256.verify,
    "django": check_password,
    "werkzeug": lambda p, h: werkzeug.security.check_password_hash(h, p),
    "scram": lambda p, h: scram(p, h),
}

def scram(p, h):
    "RFC 5802 with the standard library."
    import hashlib, hmac
    _, rest, keys = h.split("$")
    rounds, salt = rest.split(":")
    stored, server = keys.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", p.encode(), base64.b64decode(salt), int(rounds))
    mac = lambda text: hmac.new(salted, text, "sha256").digest()
    return base64.b64encode(hashlib.sha256(mac(b"Client Key")).digest()).decode() == stored and base64.b64encode(mac(b"Server Key")).decode() == server

out = {"verified": [], "refused": [], "theirs": []}
for case in json.load(sys.stdin):
    p, h, form = case["password"], case["hash"], case["form"]
    out["verified"].append(bool(verify[form](p, h)))
    out["refused"].append(not verify[form](p + "x", h))
    made = {
        "passlib": lambda: passlib.hash.pbkdf2_sha256.using(rounds=29000).hash(p),
        "django": lambda: make_password(p),
        "werkzeug": lambda: werkzeug.security.generate_password_hash(p, "pbkdf2:sha256"),
        "phc": lambda: passlib.hash.bcrypt.using(rounds=5).hash(p),
        "scram": lambda: werkzeug.security.generate_password_hash(p, "pbkdf2:sha256:1000", 4),
    }[form]()
    out["theirs"].append(made)
json.dump(out, sys.stdout)
`
