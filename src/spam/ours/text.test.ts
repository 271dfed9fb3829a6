import { checkRows } from '../testing.ts'
import { textTests } from './text.ts'

const prince =
  'I am barrister John. My late client left ten million dollars in a bank account in Lagos. Strictly private: the transfer of the fund needs your assistance in this transaction.'

checkRows(textTests, [
  [
    'WORDS_FRAUD',
    { body: 'The next of kin of the deceased asks for your bank account.' },
    { body: 'The next of kin asks how you are.' },
  ],
  ['WORDS_FRAUD_SURE', { body: prince }, { body: 'The deceased left a bank account; it is confidential.' }],
  ['WORDS_WINNINGS', { body: 'Claim your prize today' }, { body: 'We claim the prize money back' }],
  ['WORDS_ACCOUNT', { body: 'Ihr Konto wurde gesperrt.' }, { body: 'Das Konto ist neu, die Straße ist offen.' }],
  [
    'WORDS_ACCOUNT_SURE',
    { body: 'Please verify your account within 24 hours.' },
    { body: 'The shop opens within 24 hours.' },
  ],
  [
    'WORDS_BLACKMAIL',
    { body: 'I recorded you with your camera on an adult site. Send bitcoin.' },
    { body: 'The webcam of the club shows bitcoin prices.' },
  ],
  ['WORDS_MONEY', { body: 'Earn up to $500 per day' }, { body: 'Please pay $500 by the end of the month' }],
  [
    'WORDS_MONEY_SURE',
    { body: 'Work at home, risk free, and get rich. Act now!' },
    { body: 'I work at home on Fridays.' },
  ],
  ['WORDS_LOANS', { body: 'You are pre-approved' }, { body: 'The plan is approved' }],
  ['WORDS_HEALTH', { body: 'Cheap v1agra, no prescription' }, { body: 'The doctor gave me a prescription' }],
  ['WORDS_ADULT', { body: 'hot russian women' }, { body: 'the women of the chess club' }],
  [
    'WORDS_ADVERTISING',
    { body: 'We bring you to the first page of Google' },
    { body: 'I googled the first page of the book' },
  ],
  ['WORDS_LEAVING', { body: 'To be removed from our list, write us' }, { body: 'The tree was removed yesterday' }],
  [
    'WORDS_LEAVING_SURE',
    { body: 'This is not spam. To be removed from our list, write to remove@x.example' },
    {
      fields: { 'List-Unsubscribe': '<mailto:u@x.example>' },
      body: 'This is not spam. To be removed from our list, write to remove@x.example',
    },
  ],
  ['WORDS_CLICK', { body: 'Klicken Sie hier' }, { body: 'The clock clicks here and there' }],
  ['WORDS_DEAR_NOBODY', { body: 'Dear valued customer,\nwe' }, { body: 'Dear Ben,\nour customer' }],
  [
    'TEXT_CAPS',
    { body: 'THIS IS ALL VERY IMPORTANT NEWS FOR YOU. '.repeat(8) },
    { body: 'NASA and ESA work together on this. '.repeat(8) },
  ],
  ['TEXT_GAPS', { body: 'buy v i a g r a today' }, { body: 'points a b c of the list' }],
  ['TEXT_EMPTY', { body: ' \n' }, { body: 'x\n' }],
])
