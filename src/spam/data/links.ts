/** Data: hosts that say something of a link: shorteners, places where anybody puts up a page, zones that are mostly spam. Pure. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

export const shorteners = words(`
  bit.ly tinyurl.com goo.gl t.ly is.gd v.gd ow.ly buff.ly rebrand.ly cutt.ly shorturl.at rb.gy tiny.cc t2m.io bl.ink soo.gd s.id
  adf.ly clck.ru u.to qr.ae lnkd.in shorte.st bc.vc x.co urlz.fr tr.im snipurl.com notlong.com makeashorterlink.com short.gy surl.li
  urlr.me qrco.de n9.cl t.co tny.im gg.gg linktr.ee lihi.cc
`)

export const openHosts = words(`
  web.app firebaseapp.com workers.dev pages.dev r2.dev vercel.app netlify.app herokuapp.com glitch.me repl.co onrender.com
  storage.googleapis.com sites.google.com blob.core.windows.net web.core.windows.net azurewebsites.net s3.amazonaws.com
  weebly.com wixsite.com webflow.io square.site godaddysites.com myshopify.com blogspot.com 000webhostapp.com formspree.io
  typeform.com jotform.com forms.gle telegra.ph t.me notion.site gitbook.io surge.sh duckdns.org ngrok.io ngrok-free.app
  ddns.net hopto.org zapto.org serveo.net trycloudflare.com transfer.sh anonfiles.com tripod.com angelfire.com geocities.com
  fateback.com freewebs.com
`)

export const suspectZones = words(`
  biz xyz top click icu buzz cyou cfd sbs rest quest monster bond autos boats beauty hair skin makeup homes loan loans win bid stream
  download racing review science party date faith trade webcam men work gdn ga gq ml cf tk pw ws rocks lol fit surf cam uno zip mov
`)

/** The word is sought anywhere in the host. */
export const brandHosts: readonly { readonly word: string; readonly domains: readonly string[] }[] = `
paypal=paypal.com,paypal.de,paypal.me,paypalobjects.com,paypal-communication.com
amazon=amazon.com,amazon.de,amazon.fr,amazon.co.uk,amazon.it,amazon.es,amazon.ca,amazonaws.com,ssl-images-amazon.com,media-amazon.com
netflix=netflix.com,netflix.net
microsoft=microsoft.com,microsoftonline.com,microsoft.net
office365=office365.com
appleid=apple.com
icloud=icloud.com,icloud-content.com
facebook=facebook.com,facebookmail.com,facebook.net
instagram=instagram.com
docusign=docusign.com,docusign.net
ebay=ebay.com,ebay.de,ebay.co.uk,ebaystatic.com,ebayimg.com
sparkasse=sparkasse.de
coinbase=coinbase.com
metamask=metamask.io
binance=binance.com
wellsfargo=wellsfargo.com
bankofamerica=bankofamerica.com
citibank=citibank.com
`
  .trim()
  .split('\n')
  .map((line) => ({ word: line.split('=')[0] ?? '', domains: (line.split('=')[1] ?? '').split(',') }))
