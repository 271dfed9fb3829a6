/** Data: providers of free mail addresses, and firms whose names are used in fraud with the domains that are theirs. Pure. */

export const freeMail: ReadonlySet<string> = new Set(
  `gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.co.in yahoo.fr yahoo.de yahoo.com.br ymail.com rocketmail.com hotmail.com hotmail.co.uk
  hotmail.fr outlook.com outlook.de outlook.fr live.com msn.com aol.com aim.com icloud.com me.com mac.com gmx.de gmx.net gmx.com gmx.at web.de
  mail.ru inbox.ru bk.ru list.ru yandex.ru yandex.com rambler.ru proton.me protonmail.com pm.me zoho.com mail.com email.com usa.com usa.net
  excite.com lycos.com netscape.net juno.com fastmail.com tutanota.com tuta.io libero.it virgilio.it laposte.net orange.fr free.fr wp.pl o2.pl
  interia.pl seznam.cz centrum.cz qq.com 163.com 126.com sina.com naver.com daum.net rediffmail.com bol.com.br uol.com.br terra.com.br
  mailfence.com hushmail.com consultant.com`
    .trim()
    .split(/\s+/),
)

/** The names are as people see them, lower case, single blanks. */
export const brands: readonly { readonly name: string; readonly domains: readonly string[] }[] = `
paypal=paypal.com,paypal.de,paypal.fr,paypal.co.uk
amazon=amazon.com,amazon.de,amazon.fr,amazon.co.uk,amazon.it,amazon.es,amazonses.com
ebay=ebay.com,ebay.de,ebay.co.uk
netflix=netflix.com
microsoft=microsoft.com,microsoftonline.com,office.com,live.com,outlook.com
office 365=microsoft.com,microsoftonline.com,office.com,office365.com
onedrive=microsoft.com,onedrive.com,live.com
sharepoint=microsoft.com,sharepointonline.com,sharepoint.com
apple=apple.com,icloud.com
icloud=apple.com,icloud.com
google=google.com,gmail.com,youtube.com
facebook=facebook.com,facebookmail.com,meta.com
instagram=instagram.com,facebookmail.com
linkedin=linkedin.com
dropbox=dropbox.com,dropboxmail.com
docusign=docusign.com,docusign.net
adobe=adobe.com,adobesign.com,echosign.com
dhl=dhl.com,dhl.de,dpdhl.com
fedex=fedex.com
ups=ups.com
usps=usps.com,usps.gov
dpd=dpd.com,dpd.de,dpd.co.uk,dpd.fr
hermes=hermesworld.com,myhermes.de,evri.com
deutsche bank=deutsche-bank.de,db.com
sparkasse=sparkasse.de
volksbank=volksbank.de,vr.de
postbank=postbank.de
commerzbank=commerzbank.de,commerzbank.com
bank of america=bankofamerica.com,bofa.com
wells fargo=wellsfargo.com
chase=chase.com,jpmorgan.com
citibank=citibank.com,citi.com
hsbc=hsbc.com,hsbc.co.uk
barclays=barclays.com,barclays.co.uk
santander=santander.com,santander.co.uk,gruposantander.com
american express=americanexpress.com,aexp.com
visa=visa.com
mastercard=mastercard.com
coinbase=coinbase.com
binance=binance.com
metamask=metamask.io
norton=norton.com,nortonlifelock.com,gen.com
mcafee=mcafee.com
geek squad=geeksquad.com,bestbuy.com
walmart=walmart.com
costco=costco.com
ikea=ikea.com,ikea.de
lidl=lidl.com,lidl.de
spotify=spotify.com
whatsapp=whatsapp.com,meta.com
telekom=telekom.de,t-online.de,telekom.com
vodafone=vodafone.com,vodafone.de
la poste=laposte.fr,laposte.net
credit agricole=credit-agricole.fr,ca-paris.fr
ing=ing.com,ing.de,ing.nl
`
  .trim()
  .split('\n')
  .map((line) => ({ name: line.split('=')[0] ?? '', domains: (line.split('=')[1] ?? '').split(',') }))
