/* SPDX-License-Identifier: ISC */
/* Keys made for this and tokens signed with them, by PyJWT; they are of the
 * time JWT_NOW. */
#ifndef TESTS_VECTORS_JWT_H
#define TESTS_VECTORS_JWT_H

/* clang-format off */
#define JWT_NOW 1800000000

static const char jwt_set[] =
	    "{\"keys\": [{\"kty\": \"RSA\", \"n\": \"lfpqu2LBDDFAs_-qwOXmrTRutjzZ-Lm7e"
	    "niDn9KcFiSadGOocptzK0jTWw4pAv74uVlvIZaI98ptRrKHReIKkUh86g6rlxLyZ"
	    "UpUk3VtZJkAesH8l1w8YVsrVskdNFbY3d9VEfgsvnbozNgI3_Kp-uOHX5ZeSD3xe"
	    "QaVEfd2h82SnhlrQ9ieSbvnzEUjMRJ7cBjGwCr6FiuIK7bmWrY-GIzFrH4A9G8V1"
	    "5ZLnPEZCW6mtzFOSQDrvkfLBJcGI4NS3AE6U1uEatxM2JlGghOjG2eYMjdl-gnkT"
	    "zS4UnCc71DFvLruKjE-Z7dJf3VtACg8Gt3Q_Qrpfd-kjapuAYhNdQ\", \"e\": \"AQ"
	    "AB\", \"kid\": \"r1\", \"alg\": \"RS256\", \"use\": \"sig\"}, {\"kty\": \"EC\", \""
	    "crv\": \"P-256\", \"x\": \"Yr_hu_WjwiOKk5EMvWINM4lIJTW2XK_ulSsg-Cwymcg"
	    "\", \"y\": \"SUbeRSvfe09jfCq_IiCVCkP76KSQh_AULza8cXE6oKE\", \"kid\": \"e"
	    "1\"}, {\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"bKzdda4YvCnGsq8XeYQe"
	    "6P2Rrzf7MktuUMe1LJGCwYk\", \"kid\": \"d1\"}, {\"kty\": \"oct\", \"k\": \"AAA"
	    "A\"}, {\"kty\": \"RSA\", \"n\": \"zMAeRC_vtE20BgsoX-8aD8kGIMyyemrW1FQDwk"
	    "pCYOJMXR7gvSRye486gyNVWWOSgQWeKZ-ihOx3Z-1hoUOOOn81ImLrvhmlF0r_9F"
	    "NPh1UTfgRQ9iVSvJrNJLMcDwESHZ7BCGA1MTK5L4hWx6tlCZz2hMClno6S40Iytz"
	    "88cCc\", \"e\": \"AQAB\", \"kid\": \"weak\"}, {\"kty\": \"EC\", \"crv\": \"P-256"
	    "\", \"x\": \"iB-hZ34zZq9JR4U54afXINISxPAdb2_GG_kF0n2_AWc\", \"y\": \"ufL"
	    "3b6BcSJ2OxzJHnuTeJaUFbLfUPz6k-mzxVroroec\", \"kid\": \"enc\", \"use\": "
	    "\"enc\"}]}";

static const char jwt_pem[] =
	    "issuer\n-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQ"
	    "cDQgAEYr/hu/WjwiOKk5EMvWINM4lIJTW2\nXK/ulSsg+CwymchJRt5FK997T2N8K"
	    "r8iIJUKQ/vopJCH8BQvNrxxcTqgoQ==\n-----END PUBLIC KEY-----\n-----BE"
	    "GIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAbKzdda4YvCnGsq8XeYQe6P2Rrzf7"
	    "MktuUMe1LJGCwYk=\n-----END PUBLIC KEY-----\n";

static const struct jwt_row {
	const char *name;
	const char *token;
	const char *wrong; /* NULL: nothing */
} jwt_rows[] = {
	{ "RS256",
	    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.JQ0D"
	    "1M5zdROQ42YZvhfow1dhPiRvmfLHAp4dXHqdZYF3Bv_okEZY9cWlcNZpWJNI4Y8W"
	    "VlqUKXmMuHaOt-Td2Ou7QZR6YV3lB5UsPEfj_CPiIGZoiDDXwtlpoq6oqOLiYsQD"
	    "IRuRdWdEw_BlZkv2gexABCNu5CYgb4hB-HtGIvGgOVgUM6HtCJf5aep6QTCcc8mz"
	    "j2g5dsNe0t-ONv4OE81QWjZ1Febmdnx1aJjV0RPbtClVDWtaCYzrgbgbhKJKls30"
	    "Ns6VRXN4mcHWtDDA19n_5Cq9MEr0NVlOwYPKQaampH6RjT1KcURPl3IQQwqG_We7"
	    "8FTG2U9k8o09gU5Wgw",
	  NULL },
	{ "ES256",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.ujuo"
	    "HcO72oMB1jADIoiUPMHfN1EOWM7nD00Zi42Gk-MoyMZoewptICxEKHc0ZpkxsWmj"
	    "5m6jRlEv6n0J5_vBBA",
	  NULL },
	{ "EdDSA",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwDA",
	  NULL },
	{ "no kid",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.wufp-bl2RXMrF8-GPHb"
	    "IkxvsHlL_wq41piqNZxNewiX2LXEQMa-fTcA5bhpM83XA-MGYA0cnSQOZ2QrlFQz"
	    "hBg",
	  NULL },
	{ "one of several audiences",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjpbIngiLCJtYWlsIl0sImV4cCI6MTgwMDAwMzYwMCwiZW1haWw"
	    "iOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.77MuThLpq9W"
	    "rrB_Ix0WyjLvAUnIlTsaIuhgNwiY9SXOz9EoXjg7aVZ6pLELvh536dvX0jTIct5A"
	    "Dc9sXlCFwBQ",
	  NULL },
	{ "expired, within the skew",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTc5OTk5OTk0MSwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.n718YKbFpWi4Lo4ARlh"
	    "6byYE6VgXjTusBK2VLB_-dHgYN8a0l8MXesOkfbIiuv3xxpZp-EZRE7HSM7bTTAt"
	    "rCA",
	  NULL },
	{ "times with fractions",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMDAxMC41LCJlbWFpbCI6ImF"
	    "saWNlQGEudGVzdCIsInNjb3BlIjoib3BlbmlkIG1haWwiLCJuYmYiOjE3OTk5OTk"
	    "5OTkuNX0.3v8VLhCAqOvCpUeGbK6krUIWAO1xvbg3F9BBL66430xHlDuBw9Dx16o"
	    "69D8Rai414uW-vX7AMJlbsxr102biCA",
	  NULL },
	{ "expired",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTc5OTk5OTk0MCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.gxH9ugby6RzDP9m-8cm"
	    "cCgVu-CBqNgS7QGg3nkrSsymFWF4ZWVRqCSoIajI7HtbV7_J-4LgIgFcPrKsTdG-"
	    "GAg",
	  "exp" },
	{ "without an end",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImVtYWlsIjoiYWxpY2VAYS50ZXN0Iiwic2NvcGU"
	    "iOiJvcGVuaWQgbWFpbCJ9.gPW-vs1Dwytgbf9h6JMhikKXmQwyy-4DAHAKVojXBT"
	    "L6MjDs8T-TdSgejI9MAvkfW2AwcdpmS1CtT6qOxvCgCw",
	  "exp" },
	{ "an end that is no number",
	    "eyJhbGciOiJFZERTQSJ9.eyJleHAiOiJ0b21vcnJvdyJ9.csHqvWm6XZrbDIAw6T"
	    "BkGQM90OSWQZ0uXzvNnYUOE28pRF-fT4fRQVnLKEJyWG8b8Fj6EqPcQ4RJy5QRXp"
	    "HDAQ",
	  "exp" },
	{ "not yet",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIiwibmJmIjoxODAwMDAwMDY"
	    "xfQ.3YlAHOYHCa1vGihdGzc-d-gSLMmd7auglwEzAqh2pJdARASmK7KENtn-CVlD"
	    "G7FOiAu7yNHUsTt_iEP9xjxrAw",
	  "nbf" },
	{ "almost",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIiwibmJmIjoxODAwMDAwMDY"
	    "wfQ.T7Yz-ASS3Mp4-lPnKD4oqUaGmo61VZeVv5gzvHEjBYNsbw1IIMN4naGp42rp"
	    "IcDeDXfcq1WxzSbblNZdoEENBA",
	  NULL },
	{ "issued tomorrow",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIiwiaWF0IjoxODAwMDg2NDA"
	    "wfQ.l7XlxFpk-sPX8fUzsXjC2fWDXbZ26mk-2BGyJu6ZTg-lM-sSULIgBE-NmzUB"
	    "K61QZAnoY0RDOGPQylgK5HzeDg",
	  "iat" },
	{ "another issuer",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2V2aWw"
	    "udGVzdCIsImF1ZCI6Im1haWwiLCJleHAiOjE4MDAwMDM2MDAsImVtYWlsIjoiYWx"
	    "pY2VAYS50ZXN0Iiwic2NvcGUiOiJvcGVuaWQgbWFpbCJ9.8iooX3NXtGFosIqXj5"
	    "O0x_IR8G2Z95Fxl1i4W8AeRBvzEnQSaD3u_XSJ6H3RJQqSlry1VNvD2kGBBrP0-p"
	    "fKCA",
	  "iss" },
	{ "no issuer",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJtYWlsIiwiZXhwIjo"
	    "xODAwMDAzNjAwLCJlbWFpbCI6ImFsaWNlQGEudGVzdCIsInNjb3BlIjoib3Blbml"
	    "kIG1haWwifQ.Tmrw62bM9pphZVn9-Kdo8eQXPKR1GeynHiKvGzmoou4iwqDFG06P"
	    "QW8FOhlaz_qKZpQM2OCUhbc3eah07xLnAg",
	  "iss" },
	{ "another audience",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoiY2FsZW5kYXIiLCJleHAiOjE4MDAwMDM2MDAsImVtYWlsIjo"
	    "iYWxpY2VAYS50ZXN0Iiwic2NvcGUiOiJvcGVuaWQgbWFpbCJ9.zZr2UpZKia3nXN"
	    "kiwFJJTZafcqmOn_GBVG1JvjZ74EaFhJ5ewq8hypw1wOw8yH0n4x9jJ-g7ntbfga"
	    "__UG80BA",
	  "aud" },
	{ "no audience",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiZXhwIjoxODAwMDAzNjAwLCJlbWFpbCI6ImFsaWNlQGEudGVzdCIsInN"
	    "jb3BlIjoib3BlbmlkIG1haWwifQ.19rByPwsLj8CmMfIC6jWvfbn5DoXZvurxS75"
	    "E0Zb-nRagE9eAoup4-q3WGJgYyr--Iru3m_wJJAhtA9IgdSzCA",
	  "aud" },
	{ "other audiences",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjpbImEiLCJiIl0sImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJ"
	    "hbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.vpBymbt8EPghIcx"
	    "x69zP8ROHOr2Zbno297mq3rR6E1FaYtadhrsdYOD1-w8zvcLd0FwOp9grM5TvvPA"
	    "1WOioAg",
	  "aud" },
	{ "another scope",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsYm94In0.LSxTBYAEQFhcfZc"
	    "0S-Vqk8Raa0wnw2waO7wor4kgWsVR6FHtmgXVmOVzKvzqYFTrUKcCbdB6_t_wu4j"
	    "r4jHYBQ",
	  "scope" },
	{ "no name",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwic2NvcGUiOiJvcGV"
	    "uaWQgbWFpbCJ9.TsrSJ1EaXzbJnbTr-ivA_DizBBrh4iDu1vl-jTCtmBYFU8xJ5O"
	    "VFU9GOiTaac_SrTwHDCcsApFOexpWJ7XCSAw",
	  "email" },
	{ "a name that is none",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOlsiYWx"
	    "pY2VAYS50ZXN0Il0sInNjb3BlIjoib3BlbmlkIG1haWwifQ.GUZ5cv2kr4AvmL2k"
	    "679Nhy4WmjOspI-5MssTlhHQB__CevSbkOBLlHmDPnOaIZgPz3JYULVQz9B04F-U"
	    "qZyJDg",
	  "email" },
	{ "an empty name",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiIiLCJ"
	    "zY29wZSI6Im9wZW5pZCBtYWlsIn0.Y3z6vZgpBRqdiwXTyjTvF9z4Hz1h8wL4mCf"
	    "0oMMZT-hK1AuDSsjF4mMfoUyBVbJIT-fz06dGRGYvQfDamyG6Bg",
	  "email" },
	{ "a NUL in the name",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3RcdTAwMDB4Iiwic2NvcGUiOiJvcGVuaWQgbWFpbCJ9.8PeZUduGlW"
	    "Ytzu0gSJ0945Gkvyt_4DQ7u7EL2D8QSGZlDfkBp2P9xhDXyUUbEbY3PLItL5LmKn"
	    "E_3q8JFjxNDw",
	  "email" },
	{ "not verified",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIiwiZW1haWxfdmVyaWZpZWQ"
	    "iOmZhbHNlfQ.ZyO-Xn-eI9aKaym0D52nHojFkQm4n3ON4hFAQCN1bryveUZvpQ3U"
	    "ej7UOyDNYM2PHoh2jfKxwSbIZMd2qYugCQ",
	  "email_verified" },
	{ "verified",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIiwiZW1haWxfdmVyaWZpZWQ"
	    "iOnRydWV9.kL-OGVWGLefPrwX3FkcYQcy0lnPzk311OgUg89Q9QK2qqPCe31cozO"
	    "4hzhjESBeK-a8byENROmf-vF_K8k_hBQ",
	  NULL },
	{ "the name twice",
	    "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiAiaHR0cHM6Ly9pZHAudGVzdCIsICJhdWQ"
	    "iOiAibWFpbCIsICJleHAiOiAxODAwMDAzNjAwLCAiZW1haWwiOiAiYWxpY2VAYS5"
	    "0ZXN0IiwgInNjb3BlIjogIm9wZW5pZCBtYWlsIiwiZW1haWwiOiJib2JAYS50ZXN"
	    "0In0.jGeT9fz0Wnb7NN2BjXONupDUgOCcLAnJGU5AWkT7J7pFrI-e2VJP47qLWGL"
	    "8UfWCzBjLseYJ3_56XbI1NdQEAA",
	  "email" },
	{ "an extension",
	    "eyJhbGciOiJFZERTQSIsImNyaXQiOlsieCJdLCJ0eXAiOiJKV1QiLCJ4IjoxfQ.e"
	    "yJpc3MiOiJodHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwM"
	    "DAwMzYwMCwiZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtY"
	    "WlsIn0.7YrhCFQcAmpNA3ho-II-KS3w_fcSTGlLNECLpRBz3XIMzNbzNcjYdT1Fp"
	    "894GIrJ8dmuK9kcOW9zKsGeY9CoDQ",
	  "crit" },
	{ "a kid of another key",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImUxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.sWl5"
	    "tXQO6CO4wwLBuWHA3-Ch0CFdS48gIjYOwg_f5cOFKvh36UjWvMRIErb1SnM3KIJH"
	    "MHE4tDF3gmWDU4EoDg",
	  "kid" },
	{ "an access token",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2l"
	    "kcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJ"
	    "hbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.4oWPA4L7540Ug5v"
	    "6cRffdWQVnBDQaTY5zaaWWAtyOqkqlHqv0POJDkwDW34KY0qMquQEgyx00oYNNV-"
	    "SyppICQ",
	  NULL },
	{ "something else",
	    "eyJhbGciOiJFZERTQSIsInR5cCI6ImxvZ291dCtqd3QifQ.eyJpc3MiOiJodHRwc"
	    "zovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1ha"
	    "WwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.fGgj_ZPAD"
	    "ObWf3-zirEBFk7_zjlEcalKGxymSuX-R2_pMILfAegg0dD-5UwG0IlRoTc4WIKAL"
	    "YbxEVZf-uSHBw",
	  "typ" },
	{ "a key of nobody",
	    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.z4k6aD9hydlG_W382Ho"
	    "x7spyKCYhFUMe-WU-kz3j_tlSogeoqZxXas7ap4NY7fvGhXpuFS_HwGeIxpc88Tz"
	    "57A",
	  "signature" },
	{ "a weak key",
	    "eyJhbGciOiJSUzI1NiIsImtpZCI6IndlYWsiLCJ0eXAiOiJKV1QifQ.eyJpc3MiO"
	    "iJodHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwM"
	    "CwiZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.G"
	    "2FuzoFYHsnhOv56qgVfvPjpdCQ_nFkGgDL7d2fNu2Oz4hpiJXWTPTxW2M6DOm66s"
	    "jkebjrI10-VGbAd-bHUcz8bc-qAH1LsVtCw_zF_rxU4P9uQ6gXDXPZZJSBAdlpad"
	    "KfqYJd7cP4qWcyuju5dEEFFJdj6aaC9_2J4WF2WrtM",
	  "signature" },
	{ "none",
	    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0IiwiYXVkIjoi"
	    "bWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGljZUBhLnRlc3QiLCJz"
	    "Y29wZSI6Im9wZW5pZCBtYWlsIn0.",
	  "form" },
	{ "none, signed",
	    "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkcC50ZXN0IiwiYXVkIjoi"
	    "bWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGljZUBhLnRlc3QiLCJz"
	    "Y29wZSI6Im9wZW5pZCBtYWlsIn0.b_axBLCs7nhHLIEhG7R6HQox5xeO-1P-sOJE"
	    "K2vlcBOYONBvkWzLOOXesYWrd2PA7MiNT7Yk9ujoGdhr92GwDA",
	  "signature" },
	{ "HMAC under the public key",
	    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkcC5"
	    "0ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwiZW1haWwiOiJhbGl"
	    "jZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.as661xHSvVDjglyMr3t"
	    "6M3a3J5cCKqaPy0Y7C329ico",
	  "signature" },
	{ "another algorithm than the key's",
	    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiAiaHR0cHM6Ly9pZHAudGVzdCIsICJhdWQ"
	    "iOiAibWFpbCIsICJleHAiOiAxODAwMDAzNjAwLCAiZW1haWwiOiAiYWxpY2VAYS5"
	    "0ZXN0IiwgInNjb3BlIjogIm9wZW5pZCBtYWlsIn0.4xasaNaDzBJROC3Wug6sDxc"
	    "zDIYbuqncqP_9tlEOFctSnkK-7Q5nbx4gwxnpbSJqCd18ku2MwHbEqDHJ3cm4CQ",
	  "alg" },
	{ "no algorithm",
	    "e30.eyJpc3MiOiAiaHR0cHM6Ly9pZHAudGVzdCIsICJhdWQiOiAibWFpbCIsICJl"
	    "eHAiOiAxODAwMDAzNjAwLCAiZW1haWwiOiAiYWxpY2VAYS50ZXN0IiwgInNjb3Bl"
	    "IjogIm9wZW5pZCBtYWlsIn0.ss-ydm0eUkFSe8aMNsWwCjTd6_LWhvGYWgUbSgTA"
	    "DZuVDrLiGJ5hb_ud7s4_vhXUMXDuwHimtY_C_1p_ZENHAg",
	  "alg" },
	{ "claims of another",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiAi"
	    "aHR0cHM6Ly9pZHAudGVzdCIsICJhdWQiOiAibWFpbCIsICJleHAiOiAxODAwMDAz"
	    "NjAwLCAiZW1haWwiOiAiYm9iQGEudGVzdCIsICJzY29wZSI6ICJvcGVuaWQgbWFp"
	    "bCJ9.b_axBLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYW"
	    "rd2PA7MiNT7Yk9ujoGdhr92GwDA",
	  "signature" },
	{ "a bit more",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwAA",
	  "signature" },
	{ "two parts",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0",
	  "form" },
	{ "four parts",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwDA.x",
	  "form" },
	{ "five parts, encrypted",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwDA.x.y",
	  "form" },
	{ "nothing",
	    "",
	  "form" },
	{ "padding",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwDA==",
	  "form" },
	{ "not base64url",
	    "eyJhbGciOiJFZERTQSIsImtpZCI6ImQxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJo"
	    "dHRwczovL2lkcC50ZXN0IiwiYXVkIjoibWFpbCIsImV4cCI6MTgwMDAwMzYwMCwi"
	    "ZW1haWwiOiJhbGljZUBhLnRlc3QiLCJzY29wZSI6Im9wZW5pZCBtYWlsIn0.b_ax"
	    "BLCs7nhHLIEhG7R6HQox5xeO-1P-sOJEK2vlcBOYONBvkWzLOOXesYWrd2PA7MiN"
	    "T7Yk9ujoGdhr92GwD+",
	  "form" },
	{ "a header that is no object",
	    "W10.eyJpc3MiOiAiaHR0cHM6Ly9pZHAudGVzdCIsICJhdWQiOiAibWFpbCIsICJl"
	    "eHAiOiAxODAwMDAzNjAwLCAiZW1haWwiOiAiYWxpY2VAYS50ZXN0IiwgInNjb3Bl"
	    "IjogIm9wZW5pZCBtYWlsIn0.3BXd5dLGXZ4J5rpEqkqJnhWB1T7GuuzuZf_KszEd"
	    "4G2DSHc5wuXoft9tlHWyuXs8Fmq02DzlvO8wSeQpWZoEAA",
	  "header" },
	{ "claims that are no object",
	    "eyJhbGciOiJFZERTQSJ9.Ingi.xUK0yj5-dealHTjCsv244L8S92HPQglpNSOSa4"
	    "JpH47pwAOA94km9r5Pg7HlxkNT0Q5Qr4HpTHxOOc3OU17MDA",
	  "claims" },
	{ "claims cut off",
	    "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjE.SSfhceJKfa_1xPZ7qiBAIlSt6Xlr_7E"
	    "9XlsHRXujgLFjbDFAQJ0n1asYk_Ev3LFp-v2_ksmzRlN0iEdYnV-wBg",
	  "claims" },
};
/* clang-format on */

#endif
