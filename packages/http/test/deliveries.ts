/** One delivery of each service that signs in a way of its own, made outside of this project; all at one instant. */
import * as Signature from "@tenuto/http/Signature"

export interface Delivery {
  readonly service: string
  /** The page that says how the service signs. */
  readonly source: string
  readonly scheme: Signature.Scheme
  readonly secrets: ReadonlyArray<Signature.Secret>
  readonly headers: Readonly<Record<string, string>>
  /** {@link body} if not given. */
  readonly body?: string
  /** Parts of a header that count for nothing here: signatures under another secret, or of a version that is not read. */
  readonly spare?: ReadonlyArray<string>
}

/** When all of them were signed, in Unix seconds. */
export const at = 1_767_225_600
export const method = "POST"
export const url = "https://me.example/hook?x=1"
export const body = '{"id":"evt_1","name":"Für Elise","n":1.0}'

export const deliveries: ReadonlyArray<Delivery> = [
  {
    service: "Stripe",
    source: "https://docs.stripe.com/webhooks#verify-manually",
    scheme: Signature.timestamped({
      signature: { header: "stripe-signature", field: "v1" },
      timestamp: { header: "stripe-signature", field: "t" },
      signed: "{timestamp}.{body}",
    }),
    secrets: ["whsec_x"],
    headers: { "stripe-signature": "t=1767225600,v1=552a96da7faed238b5558eba93440312a1c03cf1c7dc4a3feb842abaab15206b" },
  },
  {
    service: "Stripe, while a secret is replaced",
    source: "https://docs.stripe.com/webhooks#verify-manually",
    scheme: Signature.timestamped({
      signature: { header: "stripe-signature", field: "v1" },
      timestamp: { header: "stripe-signature", field: "t" },
      signed: "{timestamp}.{body}",
    }),
    secrets: ["whsec_x"],
    headers: {
      "stripe-signature":
        "t=1767225600,v1=f5d9b2a4018a0e830b8b41b317404a505e87532446a097dd189284239ade3661,v1=552a96da7faed238b5558eba93440312a1c03cf1c7dc4a3feb842abaab15206b,v0=8ecd8a76c79d58d6c1646e2c800132273aebbcbbb53fa68bd705d6846b2beea4",
    },
    spare: [
      "v1=f5d9b2a4018a0e830b8b41b317404a505e87532446a097dd189284239ade3661",
      "v0=8ecd8a76c79d58d6c1646e2c800132273aebbcbbb53fa68bd705d6846b2beea4",
    ],
  },
  {
    service: "GitHub",
    source: "https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries",
    scheme: Signature.raw({ signature: "x-hub-signature-256" }),
    secrets: ["s3cret-ü"],
    headers: { "x-hub-signature-256": "sha256=753ec21f57dd37218a520b13fa7ccebfaec885bae724c66579a701e735b25058" },
  },
  {
    service: "GitHub, its older header",
    source: "https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers",
    scheme: Signature.raw({ signature: "x-hub-signature", algorithm: "HmacSha1", label: "sha1=" }),
    secrets: ["s3cret-ü"],
    headers: { "x-hub-signature": "sha1=63f1398e1352dc31a73b81b7f7b5a8bb8bad1503" },
  },
  {
    service: "Slack",
    source: "https://api.slack.com/authentication/verifying-requests-from-slack",
    scheme: Signature.timestamped({
      signature: "x-slack-signature",
      label: "v0=",
      timestamp: "x-slack-request-timestamp",
      signed: "v0:{timestamp}:{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: {
      "x-slack-request-timestamp": "1767225600",
      "x-slack-signature": "v0=f64ae6fd690d23e8cb83fb94f0ed9efa9ef6981ca19d37b426191a3c264b1d1f",
    },
  },
  {
    service: "Zoom",
    source: "https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events",
    scheme: Signature.timestamped({
      signature: "x-zm-signature",
      label: "v0=",
      timestamp: "x-zm-request-timestamp",
      signed: "v0:{timestamp}:{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: {
      "x-zm-request-timestamp": "1767225600",
      "x-zm-signature": "v0=f64ae6fd690d23e8cb83fb94f0ed9efa9ef6981ca19d37b426191a3c264b1d1f",
    },
  },
  {
    service: "Shopify",
    source: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
    scheme: Signature.raw({ signature: "x-shopify-hmac-sha256", label: "", encoding: "Base64" }),
    secrets: ["s3cret-ü"],
    headers: { "x-shopify-hmac-sha256": "dT7CH1fdNyGKUgsT+nzOv67IhbrnJMZleacB5zWyUFg=" },
  },
  {
    service: "OpenAI, Replicate",
    source: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    scheme: Signature.standard,
    secrets: ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"],
    headers: {
      "webhook-id": "m1",
      "webhook-timestamp": "1767225600",
      "webhook-signature": "v1,8aDm6dyewUbcO2HUWi2BznjlcpTOkT4QBE+ja+czvxQ=",
    },
  },
  {
    service: "fal",
    source: "https://docs.fal.ai/model-endpoints/webhooks",
    scheme: {
      signature: "x-fal-webhook-signature",
      id: "x-fal-webhook-request-id",
      timestamp: "x-fal-webhook-timestamp",
      signed: "{id}\n{header:x-fal-webhook-user-id}\n{timestamp}\n{body:sha256}",
      seals: [{ label: "", algorithm: "Ed25519", encoding: "Hex", secret: "Base64Url" }],
    },
    secrets: [{ crv: "Ed25519", x: "gfICgYbEy5k6_bPJRDO_4o3O8RuBm18Uzx4CEwI5TvQ", kty: "OKP", kid: "k1" }],
    headers: {
      "x-fal-webhook-request-id": "r1",
      "x-fal-webhook-user-id": "u1",
      "x-fal-webhook-timestamp": "1767225600",
      "x-fal-webhook-signature":
        "16f9369975ceb2f20f04ca451f1f87cfcd17955b5f622b222d4628c4c9e065d5d322be55a579aa6ff1f8015251975ec2606e50517677b0fa07bd81c121b4e909",
    },
  },
  {
    service: "Discord",
    source: "https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint",
    scheme: {
      signature: "x-signature-ed25519",
      timestamp: "x-signature-timestamp",
      signed: "{timestamp}{body}",
      seals: [{ label: "", algorithm: "Ed25519", encoding: "Hex", secret: "Hex" }],
    },
    secrets: ["81f2028186c4cb993afdb3c94433bfe28dcef11b819b5f14cf1e021302394ef4"],
    headers: {
      "x-signature-timestamp": "1767225600",
      "x-signature-ed25519":
        "28539960aa12199e938bcd40eda191b78ef89ae230217d617e2c7a760d78edb3b5293dc3b38d9f9b5addc44e788986d6ec2e0d881f12fe928ed37831768c6b04",
    },
  },
  {
    service: "ElevenLabs",
    source: "https://elevenlabs.io/docs/overview/administration/webhooks",
    scheme: Signature.timestamped({
      signature: { header: "elevenlabs-signature", field: "v0" },
      timestamp: { header: "elevenlabs-signature", field: "t" },
      signed: "{timestamp}.{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: {
      "elevenlabs-signature": "t=1767225600,v0=a32a70c80838ffa3a95ae983b91cfa517d95a2cd9518f9714e882a4f90d9f041",
    },
  },
  {
    service: "Mux",
    source: "https://www.mux.com/docs/core/verify-webhook-signatures",
    scheme: Signature.timestamped({
      signature: { header: "mux-signature", field: "v1" },
      timestamp: { header: "mux-signature", field: "t" },
      signed: "{timestamp}.{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: { "mux-signature": "t=1767225600,v1=a32a70c80838ffa3a95ae983b91cfa517d95a2cd9518f9714e882a4f90d9f041" },
  },
  {
    service: "Paddle",
    source: "https://developer.paddle.com/webhooks/signature-verification",
    scheme: Signature.timestamped({
      signature: { header: "paddle-signature", field: "h1", separator: ";" },
      timestamp: { header: "paddle-signature", field: "ts", separator: ";" },
      signed: "{timestamp}:{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: {
      "paddle-signature": "ts=1767225600;h1=148bd9f70d846746780f5514dcf3956fbe315cbf6c9f728c4fe80a72acbf8085",
    },
  },
  {
    service: "PagerDuty, while a secret is replaced",
    source: "https://developer.pagerduty.com/docs/verifying-webhook-signatures",
    scheme: Signature.raw({ signature: "x-pagerduty-signature", label: "v1=" }),
    secrets: ["s3cret-ü"],
    headers: {
      "x-pagerduty-signature":
        "v1=2f6e5fb44c23b91ae9586410335fe243d6b83b70e0893c4d42e5fd94da555df5,v1=753ec21f57dd37218a520b13fa7ccebfaec885bae724c66579a701e735b25058",
    },
    spare: ["v1=2f6e5fb44c23b91ae9586410335fe243d6b83b70e0893c4d42e5fd94da555df5"],
  },
  {
    service: "Twitch",
    source: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#verifying-the-event-message",
    scheme: {
      signature: "twitch-eventsub-message-signature",
      id: "twitch-eventsub-message-id",
      timestamp: "twitch-eventsub-message-timestamp",
      timestampFormat: "Rfc3339",
      signed: "{id}{timestamp}{body}",
      seals: [{ label: "sha256=", algorithm: "HmacSha256", encoding: "Hex", secret: "Text" }],
    },
    secrets: ["s3cret-ü"],
    headers: {
      "twitch-eventsub-message-id": "m",
      "twitch-eventsub-message-timestamp": "2026-01-01T00:00:00.000Z",
      "twitch-eventsub-message-signature": "sha256=05b5a4cfa522222f75246cd6b2f35f6619fe0d1a1a64980df988eefa79c2970c",
    },
  },
  {
    service: "Zendesk",
    source: "https://developer.zendesk.com/documentation/webhooks/verifying/",
    scheme: Signature.timestamped({
      signature: "x-zendesk-webhook-signature",
      label: "",
      encoding: "Base64",
      timestamp: "x-zendesk-webhook-signature-timestamp",
      timestampFormat: "Rfc3339",
      signed: "{timestamp}{body}",
    }),
    secrets: ["s3cret-ü"],
    headers: {
      "x-zendesk-webhook-signature-timestamp": "2026-01-01T00:00:00Z",
      "x-zendesk-webhook-signature": "Iq4yAGjbo5p+a+GJebvyilzvA0c6mGYeg2ZzQrpEg1c=",
    },
  },
  {
    service: "HubSpot, version 3",
    source: "https://developers.hubspot.com/docs/api/webhooks/validating-requests",
    scheme: {
      signature: "x-hubspot-signature-v3",
      timestamp: "x-hubspot-request-timestamp",
      timestampFormat: "Milliseconds",
      signed: "{method}{url}{body}{timestamp}",
      seals: [{ label: "", algorithm: "HmacSha256", encoding: "Base64", secret: "Text" }],
    },
    secrets: ["s3cret-ü"],
    headers: {
      "x-hubspot-request-timestamp": "1767225600000",
      "x-hubspot-signature-v3": "yRWMuiIwu98ROY0luRgi/U/Q1JP2slibM05Bn0gEmhs=",
    },
  },
  {
    service: "Square",
    source: "https://developer.squareup.com/docs/webhooks/step3validate",
    scheme: {
      signature: "x-square-hmacsha256-signature",
      signed: "{url}{body}",
      seals: [{ label: "", algorithm: "HmacSha256", encoding: "Base64", secret: "Text" }],
    },
    secrets: ["s3cret-ü"],
    headers: { "x-square-hmacsha256-signature": "FISL/qKiH1H4dwEfTXnYzXHYHqOGShEVn82NPurQ7is=" },
  },
  {
    service: "Paystack",
    source: "https://paystack.com/docs/payments/webhooks/",
    scheme: Signature.raw({ signature: "x-paystack-signature", algorithm: "HmacSha512" }),
    secrets: ["s3cret-ü"],
    headers: {
      "x-paystack-signature":
        "e2161a31a220439cb56fbc7b59ffbedd08d321a2071cb4f2a3044f11bafd85e3f040f0d09837c7c96bc75d474e66480a15a7a9dfc64252594267f5d4944d5821",
    },
  },
  {
    service: "GitLab",
    source: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    scheme: Signature.token({ signature: "x-gitlab-token" }),
    secrets: ["token-1"],
    headers: { "x-gitlab-token": "token-1" },
  },
  {
    service: "Twilio",
    source: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
    scheme: {
      signature: "x-twilio-signature",
      signed: "{url}{body:form}",
      seals: [{ label: "", algorithm: "HmacSha1", encoding: "Base64", secret: "Text" }],
    },
    secrets: ["s3cret-ü"],
    headers: { "x-twilio-signature": "kz1rydwv1qiX3vMVJTMWGz/CPrk=" },
    body: "b=2&a=1",
  },
  {
    service: "SendGrid",
    source:
      "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
    scheme: {
      signature: "x-twilio-email-event-webhook-signature",
      timestamp: "x-twilio-email-event-webhook-timestamp",
      signed: "{timestamp}{body}",
      seals: [{ label: "", algorithm: "EcdsaP256Der", encoding: "Base64", secret: "Base64" }],
    },
    secrets: [
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5ZJmCbUh7QcdXEhqEOF8xVLMa42f5qJ/q2uPNCXXDkFY4b0PiuXa1c37GtkueM7wRFRGlaJr8+liJJFRO9oFRg==",
    ],
    headers: {
      "x-twilio-email-event-webhook-timestamp": "1767225600",
      "x-twilio-email-event-webhook-signature":
        "MEQCIDZf+bkxx+gItSUt+sVFefUUAjp0DurLxpTFLSqPoBmSAiAf2qJAlkeY1rt8Q6sBxj7xhaNYSsHYNAEnBtkmXNhlEw==",
    },
  },
  {
    service: "Mailgun",
    source: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
    scheme: {
      signature: { pointer: "/signature/signature" },
      id: { pointer: "/signature/token" },
      timestamp: { pointer: "/signature/timestamp" },
      signed: { withoutBody: "{timestamp}{id}" },
      seals: [{ label: "", algorithm: "HmacSha256", encoding: "Hex", secret: "Text" }],
    },
    secrets: ["s3cret-ü"],
    headers: {},
    body: '{"signature":{"timestamp":"1767225600","token":"tttttttttttttttttttttttttttttttttttttttttttttttttt","signature":"47ad97de00e9e9fbcda6b88eec743a32ec9178dfe5ced7ea086904ad50e740f3"},"event-data":{}}',
  },
]
